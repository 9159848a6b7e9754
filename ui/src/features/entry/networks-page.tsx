import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Select, Skeleton, Stack, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { EveryTerms } from '../../api/generated';
import { names, roles } from '../../api/people';
import { holds, useMe } from '../../api/session';
import { everyTerms, type Terms } from '../../api/terms';
import { Failure } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useTermsSentence } from '../../kit/terms-words';
import { roleName } from '../../kit/words';
import { TermsEditor } from './editor';
import classes from './entry.module.css';

const route = getRouteApi('/in/security/networks');

const nothing = (scope: 'role' | 'person', id: string, name: string): Terms => ({
  scope,
  subject: { id, name },
  version: 0,
  factor: false,
  idle_minutes: 0,
  absolute_minutes: 0,
  networks: [],
  hours: [],
  time_zone: '',
});

/** From where and when people come in: everyone, whoever has a role, single persons. */
export function NetworksPage() {
  const { data, error, refetch } = useQuery(everyTerms);
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data) {
    return (
      <Column>
        <Skeleton height={280} />
        <Skeleton height={160} />
      </Column>
    );
  }
  return <Everyone all={data} />;
}

function Everyone({ all }: { all: EveryTerms }) {
  const { t } = useLingui();
  const me = useMe();
  const sentence = useTermsSentence();
  const navigate = route.useNavigate();
  const { for: chosen } = route.useSearch();
  const { data: people = [] } = useQuery(names);
  const { data: everyRole = [] } = useQuery({
    ...roles,
    enabled: holds(me, 'roles.manage') || holds(me, 'people.manage'),
    retry: false,
  });
  const [editing, setEditing] = useState(false);
  const open = (id: string | undefined) => navigate({ search: id ? { for: id } : {}, replace: true });

  const called = (terms: Terms) => {
    const role = everyRole.find((each) => each.id === terms.subject?.id);
    return role ? roleName(role) : (terms.subject?.name ?? '');
  };
  const set = [...all.roles, ...all.people].filter((each) => sentence(each) || each.subject?.id === chosen);
  const fresh =
    chosen && !set.some((each) => each.subject?.id === chosen)
      ? ([...all.roles, ...all.people].find((each) => each.subject?.id === chosen) ??
        everyRole
          .filter((each) => each.id === chosen)
          .map((each) => nothing('role', each.id ?? '', each.name))[0] ??
        people.filter((each) => each.id === chosen).map((each) => nothing('person', each.id, each.name))[0])
      : undefined;
  const shown = fresh ? [...set, fresh] : set;
  const taken = new Set(shown.map((each) => each.subject?.id));

  return (
    <Column>
      <Panel
        title={t`Everyone`}
        note={sentence(all.workspace) || t`Anyone may sign in from anywhere, at any hour.`}
        action={
          !editing && (
            <Button variant="default" leftSection={<IconPencil size={15} />} onClick={() => setEditing(true)}>
              <Trans>Change</Trans>
            </Button>
          )
        }
      >
        {editing ? (
          <TermsEditor saved={all.workspace} id="" all={all} onDone={() => setEditing(false)} />
        ) : (
          <Text size="sm" c="dimmed">
            <Trans>
              Networks and hours hold for everybody, owners and program keys included, and for sessions that
              are open already. Only an owner changes them here.
            </Trans>
          </Text>
        )}
      </Panel>
      <Panel
        title={t`Roles and persons`}
        note={t`What is set here comes on top of what holds for everyone.`}
        flush
      >
        {shown.length === 0 && (
          <Text size="sm" c="dimmed" px={16} pt={10}>
            <Trans>Nothing is set for a single role or person yet.</Trans>
          </Text>
        )}
        <ul className={classes.others}>
          {shown.map((terms) => {
            const id = terms.subject?.id ?? '';
            const name = called(terms);
            return (
              <li key={id} className={classes.one}>
                <div className={classes.other}>
                  <div>
                    <Text size="sm" fw={500} component="h3" m={0}>
                      {name}
                    </Text>
                    <Text size="sm" c="dimmed">
                      {sentence(terms) || <Trans>From anywhere, at any hour.</Trans>}
                    </Text>
                  </div>
                  {chosen !== id && (
                    <Button variant="default" onClick={() => open(id)} aria-label={t`Change for ${name}`}>
                      <Trans>Change</Trans>
                    </Button>
                  )}
                </div>
                {chosen === id && (
                  <div className={classes.editor}>
                    <TermsEditor key={id} saved={terms} id={id} all={all} onDone={() => open(undefined)} />
                  </div>
                )}
              </li>
            );
          })}
        </ul>
        <div className={classes.choose}>
          <Select
            size="sm"
            searchable
            label={t`Set it for a role or a person`}
            placeholder={t`Choose`}
            value={null}
            onChange={(id) => id && open(id)}
            data={[
              {
                group: t`Roles`,
                items: everyRole
                  .filter((each) => !taken.has(each.id))
                  .map((each) => ({ value: each.id ?? '', label: roleName(each) })),
              },
              {
                group: t`People`,
                items: people
                  .filter((each) => !taken.has(each.id))
                  .map((each) => ({ value: each.id, label: each.name })),
              },
            ]}
          />
        </div>
      </Panel>
      <Alert variant="light" color="gray">
        <Stack gap={4}>
          <Text size="sm">
            <Trans>
              Whoever is kept out reads why, and the try is in the log. If nobody comes in any more, whoever
              runs the server lifts all networks and hours with this command:
            </Trans>
          </Text>
          <code>castellan security open</code>
        </Stack>
      </Alert>
    </Column>
  );
}
