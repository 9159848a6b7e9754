import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, Select, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { addRole, roles } from '../../api/people';
import { changeDirectory, type Directory, directory } from '../../api/providers';
import { holds, useMe } from '../../api/session';
import { addKey } from '../../api/workspace';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useChanges } from '../../kit/unsaved';
import { When } from '../../kit/when';
import { labelIn } from '../../text';
import { Address, ShownOnce } from './once';
import classes from './settings.module.css';

/** How accounts follow the firm's directory (SCIM). */
export function DirectoryPage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(directory);
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data)
    return (
      <Column>
        <Skeleton height={240} />
      </Column>
    );
  return (
    <Column>
      <Panel
        title={t`Account sync`}
        note={t`Your firm’s directory (Entra, Okta and others that speak SCIM 2.0) makes accounts here and closes them. Whoever is disabled there is out here at once.`}
      >
        <Stack gap="md">
          <Address label={t`Address for the directory`} value={data.url} />
          <div className={classes.quiet}>
            <Trans>
              Accounts kept in step: {data.active}, closed: {data.closed}, groups: {data.kept_groups}
            </Trans>
            {' · '}
            {data.last_change_at ? (
              <Trans>
                last change <When at={data.last_change_at} />
              </Trans>
            ) : (
              <Trans>nothing has come yet</Trans>
            )}
          </div>
        </Stack>
      </Panel>
      <Panel
        title={t`Roles`}
        note={t`What the directory gives to those whom it brings. Owners it never makes or changes, and a role given by hand stays.`}
      >
        <RoleChoice saved={data} />
      </Panel>
      <Panel
        title={t`Key of the directory`}
        note={t`The directory comes with a program key that opens nothing else: it cannot read clients. It reaches as far as the owner of the key may manage people.`}
      >
        <DirectoryKeys saved={data} />
      </Panel>
    </Column>
  );
}

function useRoleChoice() {
  const { data: all = [] } = useQuery({ ...roles, retry: false });
  return all
    .filter((each) => each.built !== 'owner')
    .map((each) => ({ value: each.id, label: labelIn(each.labels) || each.name }));
}

function RoleChoice({ saved }: { saved: Directory }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const choice = useRoleChoice();
  const { draft, changed, set, settled } = useChanges({
    version: saved.version,
    role: saved.role ?? null,
    groups: saved.groups.map((each) => ({ ...each, role: each.role ?? '' })),
  });
  const { role, groups: byGroup } = draft;
  const [busy, setBusy] = useState(false);

  async function save() {
    setBusy(true);
    try {
      await changeDirectory({
        version: draft.version,
        ...(role ? { role } : {}),
        groups: byGroup.filter((each) => each.role).map((each) => ({ id: each.id, role: each.role })),
      });
      settled(draft);
      await client.invalidateQueries({ queryKey: ['directory'] });
    } catch (failure) {
      tell(failure);
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
      <Stack gap="sm">
        <Select
          size="sm"
          maw={320}
          label={t`Everybody gets the role`}
          placeholder={t`None: nobody new is brought`}
          clearable
          data={choice}
          value={role}
          onChange={(next) => set({ ...draft, role: next })}
        />
        {byGroup.length > 0 && (
          <Text size="sm" c="dimmed">
            <Trans>Members of a group get another one; of several, the topmost counts.</Trans>
          </Text>
        )}
        {byGroup.map((each) => (
          <Select
            key={each.id}
            size="sm"
            maw={320}
            label={each.name}
            placeholder={t`as everybody`}
            clearable
            data={choice}
            value={each.role || null}
            onChange={(given) =>
              set({
                ...draft,
                groups: byGroup.map((old) => (old.id === each.id ? { ...old, role: given ?? '' } : old)),
              })
            }
          />
        ))}
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={!changed}>
            <Trans>Save</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function DirectoryKeys({ saved }: { saved: Directory }) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const { data: allRoles = [] } = useQuery({ ...roles, retry: false });
  const [token, setToken] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const may = ['keys.manage', 'roles.manage', 'accounts.sync'].every((ability) => holds(me, ability));

  async function make() {
    setBusy(true);
    try {
      // A role that keeps accounts in step and opens nothing else; made once.
      const narrow = allRoles.find(
        (each) =>
          each.abilities?.length === 1 &&
          each.abilities[0] === 'accounts.sync' &&
          Object.keys(each.grades ?? {}).length === 0,
      );
      const role =
        narrow ??
        (await addRole({ name: t`Account sync`, grades: {}, sights: [], abilities: ['accounts.sync'] }));
      const made = await addKey({ name: t`Directory`, role: role.id });
      setToken(made.token);
      await Promise.all(
        ['directory', 'keys', 'roles'].map((key) => client.invalidateQueries({ queryKey: [key] })),
      );
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Stack gap="sm">
      {saved.keys.length > 0 && (
        <ul className={classes.list}>
          {saved.keys.map((key) => (
            <li key={key.id} className={classes.item}>
              <div className={classes.name}>{key.name}</div>
              <div className={classes.quiet}>
                {key.last_used_at ? (
                  <Trans>
                    last used <When at={key.last_used_at} />
                  </Trans>
                ) : (
                  <Trans>never used</Trans>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {may ? (
        <Group>
          <Button variant="default" loading={busy} onClick={() => void make()}>
            <Trans>Make a key for the directory</Trans>
          </Button>
        </Group>
      ) : (
        <Text size="sm" c="dimmed">
          <Trans>An owner makes it.</Trans>
        </Text>
      )}
      {token && <ShownOnce secret={token} onDone={() => setToken(null)} />}
    </Stack>
  );
}
