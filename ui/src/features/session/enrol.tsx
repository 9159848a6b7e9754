import { Trans, useLingui } from '@lingui/react/macro';
import {
  Alert,
  Anchor,
  Button,
  Group,
  Skeleton,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { IconDeviceMobile, IconFingerprint } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { addApp, addPasskey, draftApp, ownFactors, wasLeft } from '../../api/factors';
import { Problem } from '../../api/http';
import { CodeInput } from '../../kit/code-input';
import { useSentence } from '../../kit/failure';
import { QR } from '../../kit/qr';
import classes from './factors.module.css';
import { RecoveryCodes } from './recovery-codes';

type Step = 'choose' | 'app' | 'passkey' | { recovery: string[] };

/**
 * Adds a second factor: which, the factor itself, and with the first one the
 * recovery codes. The same at a sign-in that demands one and in the settings.
 */
export function Enrol({ onDone, only }: { onDone: () => void; only?: 'app' | 'passkey' }) {
  const client = useQueryClient();
  const [step, setStep] = useState<Step>(only ?? 'choose');

  function added(recovery: string[] | undefined) {
    if (recovery?.length) setStep({ recovery });
    else finish();
  }

  function finish() {
    void client.invalidateQueries({ queryKey: ['factors'] });
    onDone();
  }

  if (typeof step === 'object') return <RecoveryCodes codes={step.recovery} onKept={finish} />;
  const back = only ? undefined : () => setStep('choose');
  if (step === 'app') return <App onAdded={added} onBack={back} />;
  if (step === 'passkey') return <Passkey onAdded={added} onBack={back} />;
  return <Choose onChoose={setStep} />;
}

function Choose({ onChoose }: { onChoose: (step: 'app' | 'passkey') => void }) {
  const { data } = useQuery(ownFactors);
  return (
    <Stack gap="xs">
      <UnstyledButton className={classes.choice} onClick={() => onChoose('app')}>
        <IconDeviceMobile size={22} stroke={1.6} />
        <span>
          <Text component="span" fw={600} display="block">
            <Trans>An app on your phone</Trans>
          </Text>
          <Text component="span" size="sm" c="dimmed">
            <Trans>It shows six digits that change. Any authenticator app will do.</Trans>
          </Text>
        </span>
      </UnstyledButton>
      {data?.passkeys !== false && (
        <UnstyledButton className={classes.choice} onClick={() => onChoose('passkey')}>
          <IconFingerprint size={22} stroke={1.6} />
          <span>
            <Text component="span" fw={600} display="block">
              <Trans>A passkey</Trans>
            </Text>
            <Text component="span" size="sm" c="dimmed">
              <Trans>Your finger, your face or the PIN of this device, or a security key.</Trans>
            </Text>
          </span>
        </UnstyledButton>
      )}
    </Stack>
  );
}

function App({
  onAdded,
  onBack,
}: {
  onAdded: (recovery: string[] | undefined) => void;
  onBack: (() => void) | undefined;
}) {
  const { t } = useLingui();
  const sentence = useSentence();
  const [code, setCode] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [typed, setTyped] = useState(false);
  // A new secret each time that this is opened, and never one from memory.
  const draft = useQuery({
    queryKey: ['factors', 'draft'],
    queryFn: draftApp,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });

  async function add(full: string) {
    if (!draft.data) return;
    setBusy(true);
    setFailure(null);
    try {
      onAdded((await addApp(draft.data.state, full, '')).recovery);
    } catch (problem) {
      setFailure(problem);
      setCode('');
      setBusy(false);
    }
  }

  const wrong = failure instanceof Problem && failure.code === 'factor.code';
  return (
    <Stack gap="sm">
      <Text size="sm">
        <Trans>Open the authenticator app, add an account and hold the camera to this picture.</Trans>
      </Text>
      {draft.error ? (
        <Alert color="red" variant="light" role="alert">
          {sentence(draft.error)}
        </Alert>
      ) : (
        <div className={classes.draw}>
          {draft.data ? (
            <QR text={draft.data.uri} label={t`Picture for the camera of the app`} />
          ) : (
            <Skeleton width={176} height={176} />
          )}
          {typed && draft.data ? (
            <div style={{ flex: 1, minWidth: 160 }}>
              <Text size="sm" c="dimmed">
                <Trans>Type this into the app:</Trans>
              </Text>
              <span className={classes.seed}>{draft.data.seed.replace(/(.{4})/g, '$1 ').trim()}</span>
            </div>
          ) : (
            <Anchor component="button" type="button" size="sm" onClick={() => setTyped(true)}>
              <Trans>The camera cannot read it?</Trans>
            </Anchor>
          )}
        </div>
      )}
      {failure !== null && !wrong && (
        <Alert color="red" variant="light" role="alert">
          {sentence(failure)}
        </Alert>
      )}
      <CodeInput
        key={wrong ? 'again' : 'first'}
        value={code}
        onChange={setCode}
        onFull={(full) => void add(full)}
        disabled={busy || !draft.data}
        error={
          wrong
            ? t`This is not the code that the app shows now. Look again, and see that the clock of the phone is right.`
            : undefined
        }
      />
      {onBack && (
        <Anchor component="button" type="button" size="sm" c="dimmed" onClick={onBack}>
          <Trans>Back</Trans>
        </Anchor>
      )}
    </Stack>
  );
}

/** A name that tells devices apart, as far as the browser says. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const found = /iPhone|iPad|Android|Windows|Macintosh|Linux/.exec(agent)?.[0];
  return found === 'Macintosh' ? 'Mac' : (found ?? '');
}

function Passkey({
  onAdded,
  onBack,
}: {
  onAdded: (recovery: string[] | undefined) => void;
  onBack: (() => void) | undefined;
}) {
  const { t } = useLingui();
  const sentence = useSentence();
  const [name, setName] = useState(deviceName);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function add() {
    setBusy(true);
    setFailure(null);
    try {
      onAdded((await addPasskey(name)).recovery);
    } catch (problem) {
      if (!wasLeft(problem)) setFailure(problem);
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Stack gap="sm">
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {failure instanceof Error && failure.name === 'InvalidStateError'
              ? t`This device has a passkey for your account already.`
              : sentence(failure)}
          </Alert>
        )}
        <TextInput
          label={t`Name of the passkey`}
          description={t`So that you know it again, such as the device that keeps it.`}
          size="md"
          autoFocus
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" size="md" loading={busy} leftSection={<IconFingerprint size={18} />}>
          <Trans>Make the passkey</Trans>
        </Button>
        {onBack && (
          <Group>
            <Anchor component="button" type="button" size="sm" c="dimmed" onClick={onBack}>
              <Trans>Back</Trans>
            </Anchor>
          </Group>
        )}
      </Stack>
    </form>
  );
}
