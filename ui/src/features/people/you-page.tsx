import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useState } from 'react';
import { changePassword, useMe } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { LinkedPanel } from './linked';
import { OwnSignIns, SessionsPanel } from './sessions';

/** One's own account: the password, and where one is signed in. */
export function YouPage({ factors }: { factors: ReactNode }) {
  const { t } = useLingui();
  const me = useMe();
  return (
    <Column>
      <Panel title={me.person.name}>
        <Text size="sm" c="dimmed">
          {me.person.email}
        </Text>
        <Text size="sm">
          <Trans>Your role: {me.person.role.name}</Trans>
        </Text>
      </Panel>
      <Panel title={t`Password`} note={t`Changing it ends every other session of yours.`}>
        <Password />
      </Panel>
      {factors}
      <LinkedPanel person={me.person.id} own />
      <SessionsPanel person={me.person.id} own />
      <OwnSignIns person={me.person.id} />
    </Column>
  );
}

function Password() {
  const { t } = useLingui();
  const sentence = useSentence();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function save() {
    setBusy(true);
    setFailure(null);
    try {
      await changePassword(old, next);
      setOld('');
      setNext('');
      notifications.show({ message: t`The password is changed.` });
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap="sm" maw={360}>
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {sentence(failure)}
          </Alert>
        )}
        <PasswordInput
          size="sm"
          label={t`Password until now`}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
          value={old}
          onChange={(event) => setOld(event.currentTarget.value)}
        />
        <PasswordInput
          size="sm"
          label={t`New password`}
          description={t`At least 12 characters. Four words in a row are good and easy to keep in mind.`}
          autoComplete="new-password"
          minLength={12}
          visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" size="sm" loading={busy} disabled={!old || next.length < 12}>
            <Trans>Change</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
