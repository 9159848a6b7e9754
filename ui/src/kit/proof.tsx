import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Anchor, Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useState } from 'react';
import { type Proof, type Way, wasLeft } from '../api/factors';
import { Problem } from '../api/http';
import { CodeInput } from './code-input';
import { useSentence } from './failure';

/**
 * Asks for one proof of who somebody is, by any of the ways that would do. Used
 * at the second step of signing in, and before what takes a fresh proof.
 */
export function ProofForm({
  ways,
  prove,
  byPasskey,
  onProved,
  onBack,
  back,
}: {
  ways: readonly string[];
  prove: (proof: Proof) => Promise<unknown>;
  byPasskey: () => Promise<unknown>;
  onProved: () => void;
  onBack: () => void;
  back: string;
}) {
  const { t } = useLingui();
  const sentence = useSentence();
  const first = (['totp', 'passkey', 'password', 'recovery'] as const).find((way) => ways.includes(way));
  const [way, setWay] = useState<Way | undefined>(first);
  const [word, setWord] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function run(attempt: () => Promise<unknown>) {
    setBusy(true);
    setFailure(null);
    try {
      await attempt();
      onProved();
    } catch (problem) {
      if (!wasLeft(problem)) setFailure(problem);
      setWord('');
      setBusy(false);
    }
  }

  function turn(next: Way) {
    setWay(next);
    setWord('');
    setFailure(null);
    if (next === 'passkey') void run(byPasskey);
  }

  const wrong = failure instanceof Problem && failure.code === 'factor.wrong';
  const said =
    failure === null
      ? undefined
      : wrong && way === 'totp'
        ? t`This code does not fit, or it has been used. Wait for the next one.`
        : wrong && way === 'recovery'
          ? t`This recovery code does not fit, or it has been used.`
          : wrong
            ? t`This passkey does not fit.`
            : sentence(failure);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (way === 'passkey') void run(byPasskey);
        else if (way === 'totp') void run(() => prove({ code: word }));
        else if (way === 'recovery') void run(() => prove({ recovery: word }));
        else if (way === 'password') void run(() => prove({ password: word }));
      }}
    >
      <Stack gap="sm">
        {said && (
          <Alert color="red" variant="light" role="alert">
            {said}
          </Alert>
        )}
        {way === undefined && (
          <Alert color="gray" variant="light">
            <Trans>
              There is nothing here to prove it by. Sign out and in again: a fresh sign-in is a proof.
            </Trans>
          </Alert>
        )}
        {way === 'totp' && (
          <CodeInput
            key={failure === null ? 'first' : 'again'}
            value={word}
            onChange={setWord}
            onFull={(code) => void run(() => prove({ code }))}
            disabled={busy}
          />
        )}
        {way === 'recovery' && (
          <TextInput
            label={t`Recovery code`}
            description={t`One of the ten that you kept. Each works once.`}
            size="md"
            autoFocus
            autoComplete="off"
            spellCheck={false}
            placeholder="0000-0000-0000-0000"
            value={word}
            onChange={(event) => setWord(event.currentTarget.value)}
          />
        )}
        {way === 'password' && (
          <PasswordInput
            label={t`Password`}
            size="md"
            autoFocus
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
            value={word}
            onChange={(event) => setWord(event.currentTarget.value)}
          />
        )}
        {way === 'passkey' ? (
          <Button type="submit" size="md" loading={busy} leftSection={<IconFingerprint size={18} />}>
            <Trans>Use the passkey</Trans>
          </Button>
        ) : (
          way !== undefined && (
            <Button type="submit" size="md" loading={busy} disabled={word === ''}>
              <Trans>Go on</Trans>
            </Button>
          )
        )}
        <Group gap="md" justify="space-between">
          <Group gap="md">
            {ways.includes('totp') && way !== 'totp' && (
              <Anchor component="button" type="button" size="sm" onClick={() => turn('totp')}>
                <Trans>Use the app</Trans>
              </Anchor>
            )}
            {ways.includes('passkey') && way !== 'passkey' && (
              <Anchor component="button" type="button" size="sm" onClick={() => turn('passkey')}>
                <Trans>Use a passkey</Trans>
              </Anchor>
            )}
            {ways.includes('recovery') && way !== 'recovery' && (
              <Anchor component="button" type="button" size="sm" onClick={() => turn('recovery')}>
                <Trans>Use a recovery code</Trans>
              </Anchor>
            )}
          </Group>
          <Anchor component="button" type="button" size="sm" c="dimmed" onClick={onBack}>
            {back}
          </Anchor>
        </Group>
      </Stack>
    </form>
  );
}
