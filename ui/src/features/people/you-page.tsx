import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Group, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { changePerson } from '../../api/people';
import { changeEmail, changePassword, entrance, useMe } from '../../api/session';
import { useSentence, useTell } from '../../kit/failure';
import { NewPassword, useShortest } from '../../kit/new-password';
import { Column, Panel } from '../../kit/page';
import { roleName } from '../../kit/words';
import { zones } from '../../kit/zones';
import { isLanguage, type Language, languages, speak } from '../../text';
import { LinkedPanel } from './linked';
import { OwnSignIns, SessionsPanel } from './sessions';

/** One's own account: language, time zone, address, the password, the second step, and where one is signed in. */
export function YouPage({ factors }: { factors: ReactNode }) {
  const { t } = useLingui();
  const me = useMe();
  return (
    <Column>
      <Profile />
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

function Profile() {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const [changing, setChanging] = useState(false);
  const { data: house } = useQuery(entrance);

  async function choose(next: { language?: Language; time_zone?: string }) {
    try {
      if (next.language) await speak(next.language);
      await changePerson(me.person.id, next);
      client.setQueryData(['session'], { ...me, person: { ...me.person, ...next } });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <Panel title={me.person.name}>
      <Stack gap="sm" maw={460}>
        <Text size="sm">
          <Trans>Your role: {roleName(me.person.role)}</Trans>
        </Text>
        <Group gap="xs" justify="space-between">
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {me.person.email}
          </Text>
          {house?.mail && !changing && (
            <Button variant="subtle" size="compact-sm" onClick={() => setChanging(true)}>
              <Trans>Change the address</Trans>
            </Button>
          )}
        </Group>
        {changing && <Address onDone={() => setChanging(false)} />}
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <Select
            size="sm"
            miw={180}
            allowDeselect={false}
            label={t`Language`}
            data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
            value={me.person.language}
            onChange={(language) => {
              if (language && isLanguage(language)) void choose({ language });
            }}
          />
          <Select
            size="sm"
            miw={180}
            searchable
            allowDeselect={false}
            label={t`Time zone`}
            data={zones()}
            value={me.person.time_zone}
            onChange={(zone) => zone && choose({ time_zone: zone })}
          />
        </Group>
        <Text size="xs" c="dimmed">
          <Trans>Your name is changed by whoever manages people: the log speaks of you by it.</Trans>
        </Text>
      </Stack>
    </Panel>
  );
}

/** A new mail address: it holds once the link that goes there is followed. */
function Address({ onDone }: { onDone: () => void }) {
  const { t } = useLingui();
  const sentence = useSentence();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function ask() {
    setBusy(true);
    setFailure(null);
    try {
      await changeEmail(email.trim(), password);
      setSent(true);
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

  if (sent) {
    return (
      <Alert color="teal" variant="light" role="status">
        <Trans>
          A mail with a link is on its way to the new address. Until it is followed, nothing changes.
        </Trans>
      </Alert>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
    >
      <Stack gap="sm">
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {sentence(failure)}
          </Alert>
        )}
        <TextInput
          size="sm"
          type="email"
          inputMode="email"
          required
          withAsterisk={false}
          autoFocus
          label={t`New mail address`}
          autoComplete="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          size="sm"
          required
          withAsterisk={false}
          label={t`Your password`}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button size="sm" variant="default" onClick={onDone}>
            <Trans>Cancel</Trans>
          </Button>
          <Button size="sm" type="submit" loading={busy}>
            <Trans>Send the link</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Password() {
  const { t } = useLingui();
  const sentence = useSentence();
  const shortest = useShortest();
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
        <NewPassword size="sm" label={t`New password`} value={next} onChange={setNext} />
        <Group justify="flex-end">
          <Button type="submit" size="sm" loading={busy} disabled={!old || [...next].length < shortest}>
            <Trans>Change</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
