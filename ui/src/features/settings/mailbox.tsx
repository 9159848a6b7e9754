import { Plural, Trans, useLingui } from '@lingui/react/macro';
import {
  Alert,
  Button,
  Group,
  NumberInput,
  PasswordInput,
  Select,
  Skeleton,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Mailbox, mailbox, readMailbox, removeMailbox, setMailbox } from '../../api/workspace';
import { Failure, useSentence, useTell } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { Panel } from '../../kit/page';
import { useUnsaved } from '../../kit/unsaved';
import { When } from '../../kit/when';

/** The mailbox from which clients' mails come to their cards. Its password is never shown. */
export function MailboxPanel() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const problems = useProblems();
  const { data, error, refetch } = useQuery(mailbox);
  const [editing, setEditing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [looked, setLooked] = useState(false);
  const put = (next: Mailbox) => client.setQueryData(mailbox.queryKey, next);

  async function look() {
    setBusy(true);
    try {
      put(await readMailbox());
      setLooked(true);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  if (error) return <Failure failure={error} retry={refetch} />;
  return (
    <Panel
      title={t`Mails from clients`}
      note={t`Castellan reads a mailbox of the firm and puts what clients write on their cards. It changes nothing there, and leaves alone what is from nobody it knows.`}
      action={
        data &&
        !editing && (
          <Group gap="xs">
            {data.set && data.active && (
              <Button variant="default" loading={busy} onClick={look}>
                <Trans>Look now</Trans>
              </Button>
            )}
            <Button variant="default" onClick={() => setEditing(true)}>
              {data.set ? <Trans>Change</Trans> : <Trans>Set up a mailbox</Trans>}
            </Button>
          </Group>
        )
      }
    >
      {!data ? (
        <Skeleton height={60} />
      ) : editing ? (
        <Editor
          of={data}
          onDone={(next) => {
            if (next) put(next);
            setEditing(false);
            setLooked(false);
          }}
        />
      ) : !data.set ? (
        <Text size="sm">
          <Trans>No mailbox is read.</Trans>
        </Text>
      ) : (
        <Stack gap="sm">
          {data.problem ? (
            <Alert color="red" variant="light" role="status">
              {problems[data.problem] ?? problems.broken}
            </Alert>
          ) : (
            looked && (
              <Alert color="teal" variant="light" role="status">
                <Trans>The mailbox has been read.</Trans>
              </Alert>
            )
          )}
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {data.active ? (
              <Trans>
                {data.user} at {data.host}, once a minute.
              </Trans>
            ) : (
              <Trans>
                {data.user} at {data.host}. It is not read at present.
              </Trans>
            )}{' '}
            {data.read_at && (
              <Trans>
                Last read: <When at={data.read_at} />
              </Trans>
            )}
          </Text>
          <Group gap="lg">
            <Text size="sm">
              <Plural value={data.taken} one="# mail came to a card" other="# mails came to cards" />
            </Text>
            <Text size="sm">
              <Plural
                value={data.strangers}
                one="# from nobody known was left there"
                other="# from nobody known were left there"
              />
            </Text>
            {data.excess > 0 && (
              <Text size="sm">
                <Plural
                  value={data.excess}
                  one="# of an unproven sender was too many and was left there"
                  other="# of unproven senders were too many and were left there"
                />
              </Text>
            )}
          </Group>
        </Stack>
      )}
    </Panel>
  );
}

function Editor({ of: was, onDone }: { of: Mailbox; onDone: (next?: Mailbox) => void }) {
  const { t } = useLingui();
  const sentence = useSentence();
  const [host, setHost] = useState(was.host ?? '');
  const [port, setPort] = useState<string | number>(was.port ?? 993);
  const [security, setSecurity] = useState<'tls' | 'starttls'>(was.security ?? 'tls');
  const [user, setUser] = useState(was.user ?? '');
  const [password, setPassword] = useState('');
  const [folder, setFolder] = useState(was.folder ?? 'INBOX');
  const [since, setSince] = useState(was.since ?? '');
  const [authserv, setAuthserv] = useState(was.authserv ?? '');
  const [active, setActive] = useState(was.set ? was.active : true);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const now = JSON.stringify([host, port, security, user, password, folder, since, authserv, active]);
  const [begun] = useState(now);
  useUnsaved(now !== begun);
  const same =
    was.set &&
    host === was.host &&
    Number(port) === was.port &&
    security === was.security &&
    user === was.user;

  async function go(what: () => Promise<Mailbox | undefined>) {
    setBusy(true);
    setFailure(null);
    try {
      onDone(await what());
    } catch (wrong) {
      setFailure(wrong);
    } finally {
      setBusy(false);
    }
  }

  const save = () =>
    go(() =>
      setMailbox({
        host,
        port: Number(port),
        security,
        user,
        folder,
        active,
        ...(authserv.trim() ? { authserv } : {}),
        ...(password ? { password } : {}),
        ...(since ? { since } : {}),
        ...(was.version ? { version: was.version } : {}),
      }),
    );
  const drop = () =>
    go(async () => {
      await removeMailbox();
      return { set: false, active: false, taken: 0, strangers: 0, excess: 0 };
    });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap="sm" maw={460}>
        {!!failure && (
          <Alert color="red" role="alert">
            {sentence(failure)}
          </Alert>
        )}
        <Group gap="sm" grow preventGrowOverflow={false} wrap="wrap">
          <TextInput
            label={t`Server`}
            placeholder="imap.example.com"
            required
            value={host}
            onChange={(event) => setHost(event.currentTarget.value)}
            miw={200}
          />
          <NumberInput
            label={t`Port`}
            required
            min={1}
            max={65535}
            hideControls
            value={port}
            onChange={setPort}
            maw={110}
          />
        </Group>
        <Select
          label={t`Encryption`}
          allowDeselect={false}
          value={security}
          onChange={(next) => {
            const chosen = next === 'starttls' ? 'starttls' : 'tls';
            setSecurity(chosen);
            if (port === 993 || port === 143) setPort(chosen === 'tls' ? 993 : 143);
          }}
          data={[
            { value: 'tls', label: t`From the first byte (TLS)` },
            { value: 'starttls', label: t`Begun in the clear, then encrypted (STARTTLS)` },
          ]}
        />
        <TextInput
          label={t`User`}
          required
          autoComplete="off"
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        <PasswordInput
          label={t`Password`}
          autoComplete="new-password"
          required={!same}
          placeholder={same ? t`unchanged` : undefined}
          description={t`It is kept sealed, for this server and this user alone.`}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Group gap="sm" grow align="flex-start">
          <TextInput
            label={t`Folder`}
            value={folder}
            onChange={(event) => setFolder(event.currentTarget.value)}
          />
          <DateField label={t`Mails from this day on`} value={since} onChange={setSince} />
        </Group>
        <TextInput
          label={t`Whose word on senders is believed`}
          placeholder="mx.example.com"
          autoComplete="off"
          description={t`The name with which your own mail server begins the lines “Authentication-Results”; *.example.com stands for all its servers. Without it every mail is marked “sender not proven”.`}
          value={authserv}
          onChange={(event) => setAuthserv(event.currentTarget.value)}
        />
        <Switch
          label={t`Read this mailbox`}
          checked={active}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
        <Group justify="space-between" mt="xs">
          <Group gap="xs">
            <Button type="submit" loading={busy}>
              <Trans>Save</Trans>
            </Button>
            <Button variant="default" onClick={() => onDone()}>
              <Trans>Cancel</Trans>
            </Button>
          </Group>
          {was.set && (
            <Button variant="subtle" color="red" disabled={busy} onClick={drop}>
              <Trans>Forget this mailbox</Trans>
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

function useProblems(): Record<string, string> {
  const { t } = useLingui();
  return {
    unreachable: t`The mailbox cannot be reached. Check the server and the port. If it stands in your own network, whoever runs Castellan must allow that network first (--internal-networks).`,
    silent: t`The mailbox does not answer in time.`,
    certificate: t`The certificate of the mailbox’s server is not one that this machine believes.`,
    starttls: t`The server offers no encryption. Nothing was said to it.`,
    password: t`The server does not accept the user and password.`,
    folder: t`There is no such folder in the mailbox.`,
    broken: t`The conversation with the mailbox broke off. It is tried again every minute.`,
  };
}
