import { Plural, Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Menu,
  Modal,
  PasswordInput,
  Skeleton,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDeviceMobile, IconDots, IconFingerprint, IconKey } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Factor, ownFactors, removeFactor, renameFactor, renewRecovery } from '../../api/factors';
import { Refusal, useAttempt } from '../../kit/attempt';
import { Failure, useTell } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { Panel } from '../../kit/page';
import { When } from '../../kit/when';
import { Enrol } from './enrol';
import classes from './factors.module.css';
import { RecoveryCodes } from './recovery-codes';

/** One's own second factors: what there is, adding, naming, taking away, recovery codes. */
export function FactorsPanel() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error, refetch } = useQuery(ownFactors);
  const [adding, setAdding] = useState<'app' | 'passkey' | 'any' | null>(null);
  const [removing, setRemoving] = useState<Factor | null>(null);
  const [naming, setNaming] = useState<Factor | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['factors'] });

  async function renew() {
    try {
      setCodes(await renewRecovery());
      void again();
    } catch (failure) {
      tell(failure);
    }
  }

  const some = (data?.items.length ?? 0) > 0;
  return (
    <Panel
      title={t`Second step`}
      note={
        some
          ? t`After the password you prove with one of these that it is you.`
          : t`With a second step nobody gets in with your password alone.`
      }
      action={
        data && (
          <Button variant={some ? 'default' : 'filled'} size="xs" onClick={() => setAdding('any')}>
            {some ? <Trans>Add another</Trans> : <Trans>Set it up</Trans>}
          </Button>
        )
      }
    >
      {error ? (
        <Failure failure={error} retry={refetch} />
      ) : !data ? (
        <Skeleton height={96} />
      ) : (
        <>
          {data.demanded && !some && (
            <Alert color="orange" variant="light" mb="sm">
              <Trans>It is demanded of you.</Trans>
            </Alert>
          )}
          {!some && (
            <Text size="sm" c="dimmed">
              <Trans>Nothing is set up yet.</Trans>
            </Text>
          )}
          <ul className={classes.list}>
            {data.items.map((each) => (
              <li key={each.id} className={classes.row}>
                {each.kind === 'totp' ? (
                  <IconDeviceMobile size={20} stroke={1.6} aria-hidden />
                ) : (
                  <IconFingerprint size={20} stroke={1.6} aria-hidden />
                )}
                <div className={classes.grow}>
                  <Text size="sm" fw={500} truncate>
                    {each.name || (each.kind === 'totp' ? t`Authenticator app` : t`Passkey`)}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {each.kind === 'totp' ? t`Authenticator app` : t`Passkey`}
                    {' · '}
                    {each.last_used_at ? (
                      <Trans>
                        last used <When at={each.last_used_at} />
                      </Trans>
                    ) : (
                      <Trans>never used</Trans>
                    )}
                  </Text>
                </div>
                <Menu position="bottom-end">
                  <Menu.Target>
                    <ActionIcon variant="subtle" color="gray" aria-label={t`What to do with it`}>
                      <IconDots size={16} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {each.kind === 'totp' && (
                      <Menu.Item onClick={() => setAdding('app')}>
                        <Trans>Move to another phone</Trans>
                      </Menu.Item>
                    )}
                    <Menu.Item onClick={() => setNaming(each)}>
                      <Trans>Rename</Trans>
                    </Menu.Item>
                    <Menu.Item c="var(--c-danger)" onClick={() => setRemoving(each)}>
                      <Trans>Take away</Trans>
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </li>
            ))}
            {some && (
              <li className={classes.row}>
                <IconKey size={20} stroke={1.6} aria-hidden />
                <div className={classes.grow}>
                  <Text size="sm" fw={500}>
                    <Trans>Recovery codes</Trans>
                  </Text>
                  <Text size="xs" c={data.recovery_left < 3 ? 'orange' : 'dimmed'}>
                    <Plural value={data.recovery_left} _0="none left" one="# left" other="# left" />
                  </Text>
                </div>
                <Button variant="subtle" size="compact-sm" onClick={() => void renew()}>
                  <Trans>Make new ones</Trans>
                </Button>
              </li>
            )}
          </ul>
        </>
      )}
      <Modal
        closeButtonProps={{ 'aria-label': t`Close` }}
        opened={adding !== null}
        onClose={() => setAdding(null)}
        title={adding === 'app' ? t`Move to another phone` : t`Add a second step`}
      >
        {adding && (
          <Enrol
            {...(adding === 'any' ? {} : { only: adding })}
            onDone={() => {
              setAdding(null);
              notifications.show({ message: t`Your account is protected by a second step.` });
            }}
          />
        )}
      </Modal>
      <Modal
        closeButtonProps={{ 'aria-label': t`Close` }}
        opened={codes !== null}
        onClose={() => setCodes(null)}
        title={t`New recovery codes`}
        closeOnClickOutside={false}
        closeOnEscape={false}
        withCloseButton={false}
      >
        {codes && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      </Modal>
      {naming && <Naming factor={naming} onClose={() => setNaming(null)} onDone={again} />}
      {removing && (
        <Removing
          factor={removing}
          last={data?.items.length === 1}
          onClose={() => setRemoving(null)}
          onDone={again}
        />
      )}
    </Panel>
  );
}

function Naming({ factor, onClose, onDone }: { factor: Factor; onClose: () => void; onDone: () => void }) {
  const { t } = useLingui();
  const { busy, failure, attempt } = useAttempt();
  const { draft, set, forget } = useFormDraft<{ name: string }>(
    `castellan.draft.factor.${factor.id}`,
    (left) => ({ name: factor.name, ...left }),
  );
  const { name } = draft;
  return (
    <Modal closeButtonProps={{ 'aria-label': t`Close` }} opened onClose={onClose} title={t`Rename`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            await renameFactor(factor.id, name);
            forget();
            onDone();
            onClose();
          });
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          <TextInput
            label={t`Name`}
            data-autofocus
            maxLength={60}
            value={name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            <Trans>Save</Trans>
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}

function Removing({
  factor,
  last,
  onClose,
  onDone,
}: {
  factor: Factor;
  last: boolean;
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useLingui();
  const [password, setPassword] = useState('');
  const { busy, failure, attempt } = useAttempt();

  const remove = () =>
    attempt(async () => {
      await removeFactor(factor.id, password);
      onDone();
      onClose();
      notifications.show({ message: t`It is taken away, and you are signed out everywhere else.` });
    });

  return (
    <Modal
      closeButtonProps={{ 'aria-label': t`Close` }}
      opened
      onClose={onClose}
      title={t`Take away the second step`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void remove();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            {last ? (
              <Trans>
                It is the last one: afterwards your password alone opens your account, and the recovery codes
                hold no more. You will be signed out everywhere else.
              </Trans>
            ) : (
              <Trans>You will be signed out everywhere else.</Trans>
            )}
          </Text>
          <Refusal failure={failure} />
          <PasswordInput
            label={t`Your password`}
            autoComplete="current-password"
            data-autofocus
            visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" color="red" loading={busy} disabled={!password}>
              <Trans>Take away</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
