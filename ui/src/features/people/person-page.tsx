import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Group, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconEye, IconShieldLock } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { kinds } from '../../api/kinds';
import {
  changePerson,
  makeLink,
  type Person,
  person as personQuery,
  reactivate,
  revokeLink,
  roles,
  take,
} from '../../api/people';
import { entrance, holds, useMe } from '../../api/session';
import { startViewing } from '../../api/viewing';
import { Avatar } from '../../kit/avatar';
import { EntryPanel } from '../../kit/entry-panel';
import { Failure, useSentence, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { Preview } from '../../kit/preview';
import { useChanges } from '../../kit/unsaved';
import { When } from '../../kit/when';
import { kindMany, roleName } from '../../kit/words';
import { isLanguage, languages } from '../../text';
import { DifferencesPanel } from './differences';
import { HandOvers, Leave } from './hand-over';
import { LinkedPanel } from './linked';
import { OneTimeLink } from './one-time-link';
import classes from './people.module.css';
import { SessionsPanel } from './sessions';

const route = getRouteApi('/in/settings/people/$id');

/** One person: account, role, rights of their own, and what they could take. */
export function PersonPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(personQuery(id));
  const { data: all } = useQuery(kinds);
  const me = useMe();
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data || !all) {
    return (
      <Column>
        <Skeleton height={280} />
      </Column>
    );
  }
  return (
    <Column key={id}>
      <Account person={data} />
      <DifferencesPanel person={data} kinds={all} />
      <TakePanel id={id} />
      <LinkedPanel person={id} />
      {holds(me, 'security.manage') && <EntryPanel scope="person" id={id} />}
      <SessionsPanel person={id} />
      {holds(me, 'viewas') && <Preview kinds={all} person={id} />}
    </Column>
  );
}

function Account({ person }: { person: Person }) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const sentence = useSentence();
  const tell = useTell();
  const { data: all = [] } = useQuery(roles);
  const {
    draft,
    changed,
    set: setDraft,
    reset,
    settled,
  } = useChanges({
    version: person.version,
    name: person.name,
    email: person.email,
    role: person.role.id,
    language: isLanguage(person.language) ? person.language : 'en',
  });
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const [leaving, setLeaving] = useState(false);
  const { data: house } = useQuery(entrance);
  const self = person.id === me.person.id;

  async function save() {
    setBusy(true);
    setFailure(null);
    try {
      const next = await changePerson(person.id, draft);
      settled(draft);
      client.setQueryData(['people', person.id], next);
      await client.invalidateQueries({ queryKey: ['people'] });
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

  async function sendLink(purpose: 'invite' | 'reset', by: 'mail' | 'link' = 'mail') {
    try {
      const made = await makeLink(person.id, purpose, by);
      setLink(made.url ?? null);
      if (made.mailed) notifications.show({ message: t`A mail with a link is on its way.` });
      await client.invalidateQueries({ queryKey: ['people'] });
    } catch (problem) {
      tell(problem);
    }
  }

  async function revoke() {
    try {
      await revokeLink(person.id);
      setLink(null);
      await client.invalidateQueries({ queryKey: ['people'] });
    } catch (problem) {
      tell(problem);
    }
  }

  return (
    <Panel
      title={
        <Group gap={10} wrap="nowrap">
          <Avatar name={person.name} size={32} />
          <span>{person.name}</span>
        </Group>
      }
      action={
        <Group gap={6}>
          {holds(me, 'viewas') && !self && person.state === 'active' && (
            <Button
              variant="default"
              leftSection={<IconEye size={15} />}
              onClick={() => startViewing({ person: person.id }).catch(tell)}
            >
              <Trans>View as {person.name}</Trans>
            </Button>
          )}
          {holds(me, 'ledger.read') && (
            <Button
              variant="default"
              leftSection={<IconShieldLock size={15} />}
              component={Link}
              to="/security"
              search={{ person: person.id } as never}
            >
              <Trans>What they did</Trans>
            </Button>
          )}
        </Group>
      }
    >
      <Stack gap="sm">
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {sentence(failure)}
          </Alert>
        )}
        {person.state === 'deactivated' && (
          <Alert color="gray" variant="light">
            <Trans>Deactivated. Nobody can sign in with this account.</Trans>
          </Alert>
        )}
        {person.state === 'invited' && (
          <Alert color={person.link_ends_at ? 'blue' : 'orange'} variant="light">
            <Group justify="space-between" gap="xs">
              <Text size="sm">
                {person.link_ends_at ? (
                  <Trans>
                    Invited, and has not come in yet. The link holds until: <When at={person.link_ends_at} />
                  </Trans>
                ) : (
                  <Trans>Invited, and has not come in. The link has run out.</Trans>
                )}
              </Text>
              <Group gap={4}>
                {house?.mail && (
                  <Button variant="subtle" size="compact-sm" onClick={() => sendLink('invite')}>
                    <Trans>Send it again</Trans>
                  </Button>
                )}
                <Button variant="subtle" size="compact-sm" onClick={() => sendLink('invite', 'link')}>
                  <Trans>Show a new link</Trans>
                </Button>
                {person.link_ends_at && (
                  <Button variant="subtle" size="compact-sm" onClick={revoke}>
                    <Trans>Revoke</Trans>
                  </Button>
                )}
              </Group>
            </Group>
          </Alert>
        )}
        <HandOvers person={person.id} />
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <TextInput
            size="sm"
            miw={200}
            label={t`Name`}
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <TextInput
            size="sm"
            miw={200}
            type="email"
            label={t`E-mail`}
            value={draft.email}
            onChange={(event) => setDraft({ ...draft, email: event.currentTarget.value })}
          />
        </Group>
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <Select
            size="sm"
            miw={200}
            allowDeselect={false}
            label={t`Role`}
            data={all.map((each) => ({ value: each.id, label: roleName(each) }))}
            value={draft.role}
            onChange={(role) => role && setDraft({ ...draft, role })}
          />
          <Select
            size="sm"
            miw={200}
            allowDeselect={false}
            label={t`Language`}
            data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
            value={draft.language}
            onChange={(language) => {
              if (language && isLanguage(language)) setDraft({ ...draft, language });
            }}
          />
        </Group>
        {person.groups && person.groups.length > 0 && (
          <Text size="sm">
            <Text span c="dimmed" size="sm">
              <Trans>Groups:</Trans>
            </Text>{' '}
            {person.groups
              .map((group) => (group.role ? `${group.name} (${roleName(group.role)})` : group.name))
              .join(', ')}
          </Text>
        )}
        {person.last_sign_in && (
          <Text size="sm" c="dimmed">
            <Trans>
              Last sign-in: <When at={person.last_sign_in} />
            </Trans>
          </Text>
        )}
        {link && <OneTimeLink url={link} />}
        <Group justify="space-between">
          {!self && person.state !== 'deactivated' ? (
            <Group gap={4}>
              <Button variant="subtle" color="red" onClick={() => setLeaving(true)}>
                <Trans>Deactivate</Trans>
              </Button>
              {person.state === 'active' && (
                <Button variant="subtle" onClick={() => sendLink('reset')}>
                  {house?.mail ? (
                    <Trans>Mail a link for a new password</Trans>
                  ) : (
                    <Trans>Link for a new password</Trans>
                  )}
                </Button>
              )}
            </Group>
          ) : !self ? (
            <Group gap={4}>
              <Button
                variant="subtle"
                onClick={async () => {
                  try {
                    await reactivate(person.id);
                    await client.invalidateQueries({ queryKey: ['people'] });
                  } catch (problem) {
                    tell(problem);
                  }
                }}
              >
                <Trans>Activate again</Trans>
              </Button>
              <Button variant="subtle" onClick={() => setLeaving(true)}>
                <Trans>Hand over</Trans>
              </Button>
            </Group>
          ) : (
            <span />
          )}
          <Group gap="xs" ml="auto">
            {changed && (
              <Button
                variant="subtle"
                color="gray"
                size="sm"
                onClick={() => {
                  reset();
                  setFailure(null);
                }}
              >
                <Trans>Leave as it was</Trans>
              </Button>
            )}
            <Button size="sm" disabled={!changed} loading={busy} onClick={save}>
              <Trans>Save</Trans>
            </Button>
          </Group>
        </Group>
        {leaving && <Leave person={person} onClose={() => setLeaving(false)} />}
      </Stack>
    </Panel>
  );
}

/** What the person could carry out of the house, by the rights as they are now. */
function TakePanel({ id }: { id: string }) {
  const { t } = useLingui();
  const { data, error } = useQuery({ ...take(id), retry: false });
  const { data: all = [] } = useQuery(kinds);
  if (error) return null;
  return (
    <Panel title={t`What this person can take`} note={t`Counted now, by the code that decides.`}>
      {!data ? (
        <Skeleton height={60} />
      ) : (
        <ul className={classes.take}>
          {data.items.map((each) => {
            const kind = all.find((one) => one.name === each.kind);
            return (
              <li key={each.kind}>
                <strong>{kind ? kindMany(kind) : each.kind}</strong>:{' '}
                <Plural value={each.view} one="sees #" other="sees #" />
                {each.export !== undefined && (
                  <>
                    , <Plural value={each.export} one="can export #" other="can export #" />
                  </>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
