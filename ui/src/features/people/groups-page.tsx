import { Plural, Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Button,
  Group as Row,
  Select,
  Skeleton,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconUsersGroup, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addGroup,
  type Group,
  groups,
  type Member,
  members,
  names,
  removeGroup,
  renameGroup,
  roles,
  setMembers,
} from '../../api/people';
import { Refusal, useAttempt } from '../../kit/attempt';
import { Named } from '../../kit/avatar';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { Column, Panel } from '../../kit/page';
import { useUnsaved } from '../../kit/unsaved';
import { roleName } from '../../kit/words';
import classes from './people.module.css';

/** Groups: a branch, a department, a region. Records are shared with them; each member may hold a role in them. */
export function GroupsPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(groups);
  const { draft, set, clear } = useFormDraft<{ name: string }>('castellan.draft.group', (left) => ({
    name: '',
    ...left,
  }));
  const { name } = draft;

  const { busy, failure, attempt } = useAttempt();

  const add = () =>
    attempt(async () => {
      await addGroup(name.trim());
      clear();
      await client.invalidateQueries({ queryKey: ['groups'] });
    });

  return (
    <Column>
      <Panel
        title={t`Groups`}
        note={t`A branch, a department, a region. Records can be shared with a group, and a member can hold another role inside it.`}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) void add();
          }}
        >
          <Row gap={8} mb="sm">
            <TextInput
              size="sm"
              style={{ flex: 1 }}
              aria-label={t`Name of a new group`}
              placeholder={t`Name of a new group`}
              value={name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <Button size="sm" type="submit" variant="default" loading={busy} disabled={!name.trim()}>
              <Trans>Add</Trans>
            </Button>
          </Row>
        </form>
        <Refusal failure={failure} />
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={120} />
        ) : data.length === 0 ? (
          <Empty icon={<IconUsersGroup size={24} />} title={t`No groups yet`}>
            <Trans>
              Without groups a role speaks of one’s own records and of all. With them, also of a branch’s.
            </Trans>
          </Empty>
        ) : (
          <ul className={classes.list}>
            {data.map((group) => (
              <GroupRow key={group.id} group={group} />
            ))}
          </ul>
        )}
      </Panel>
    </Column>
  );
}

function GroupRow({ group }: { group: Group }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const name = typed ?? group.name;
  useUnsaved(name.trim() !== group.name);
  const again = () => client.invalidateQueries({ queryKey: ['groups'] });

  return (
    <li>
      <div className={classes.item}>
        <UnstyledButton
          className={classes.grow}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          style={{ display: 'flex', gap: 8, alignItems: 'center' }}
        >
          {open ? <IconChevronDown size={15} aria-hidden /> : <IconChevronRight size={15} aria-hidden />}
          <strong>{group.name}</strong>
          {group.members !== undefined && (
            <span className={classes.quiet}>
              <Plural value={group.members} one="# member" other="# members" />
            </span>
          )}
        </UnstyledButton>
      </div>
      {open && (
        <Stack gap="xs" pl={24} pb="sm">
          <Members group={group} />
          <Row gap={8}>
            <TextInput
              size="xs"
              aria-label={t`Name of the group`}
              value={name}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button
              variant="default"
              disabled={!name.trim() || name.trim() === group.name}
              onClick={() =>
                renameGroup(group.id, name.trim())
                  .then(again)
                  .then(() => setTyped(null), tell)
              }
            >
              <Trans>Rename</Trans>
            </Button>
            <Button variant="subtle" color="red" onClick={() => removeGroup(group.id).then(again, tell)}>
              <Trans>Remove the group</Trans>
            </Button>
          </Row>
        </Stack>
      )}
    </li>
  );
}

function Members({ group }: { group: Group }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error } = useQuery(members(group.id));
  const { data: everyone = [] } = useQuery(names);
  const { data: allRoles = [] } = useQuery(roles);
  if (error) return <Failure failure={error} />;
  if (!data) return <Skeleton height={40} />;

  async function put(next: Member[]) {
    const before = data;
    client.setQueryData(['groups', group.id, 'members'], next);
    try {
      await setMembers(
        group.id,
        next.map((member) => ({
          person: member.person.id,
          ...(member.role ? { role: member.role.id } : {}),
        })),
      );
      await client.invalidateQueries({ queryKey: ['groups'] });
    } catch (failure) {
      client.setQueryData(['groups', group.id, 'members'], before);
      tell(failure);
    }
  }

  const inside = new Set(data.map((member) => member.person.id));
  return (
    <>
      {data.length === 0 && (
        <Text size="sm" c="dimmed">
          <Trans>Nobody is in it yet.</Trans>
        </Text>
      )}
      {data.map((member) => (
        <Row key={member.person.id} gap={8} wrap="nowrap">
          <div className={classes.grow}>
            <Named name={member.person.name} />
          </div>
          <Select
            size="xs"
            w={220}
            aria-label={t`Role of ${member.person.name} in the group`}
            data={[
              { value: '', label: t`their usual role` },
              ...allRoles.map((each) => ({ value: each.id, label: roleName(each) })),
            ]}
            allowDeselect={false}
            value={member.role?.id ?? ''}
            onChange={(id) => {
              const role = allRoles.find((each) => each.id === id);
              void put(
                data.map((each) =>
                  each === member ? { ...each, role: role ? { id: role.id, name: role.name } : null } : each,
                ),
              );
            }}
          />
          <ActionIcon
            aria-label={t`Take ${member.person.name} out of the group`}
            onClick={() => void put(data.filter((each) => each !== member))}
          >
            <IconX size={15} />
          </ActionIcon>
        </Row>
      ))}
      <Select
        size="xs"
        searchable
        w={260}
        aria-label={t`Add a person to the group`}
        placeholder={t`Add a person`}
        data={everyone
          .filter((person) => !inside.has(person.id))
          .map((person) => ({ value: person.id, label: person.name }))}
        value={null}
        onChange={(id) => {
          const person = everyone.find((each) => each.id === id);
          if (person) void put([...data, { person, role: null }]);
        }}
      />
    </>
  );
}
