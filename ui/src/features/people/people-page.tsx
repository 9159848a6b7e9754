import { Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Group, SegmentedControl, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Guarded, guarded } from '../../api/factors';
import { type Person, people } from '../../api/people';
import { Named } from '../../kit/avatar';
import { Failure } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useFactorWords } from '../../kit/sign-in-words';
import { When } from '../../kit/when';
import { roleName } from '../../kit/words';
import { Invite } from './invite';
import classes from './people.module.css';

type Shown = 'all' | 'active' | 'invited' | 'deactivated';

/** Everyone who works here, each with an account of their own. */
export function PeoplePage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(people);
  const { data: guards } = useQuery(guarded);
  const guardOf = (person: Person) => guards?.items.find((each) => each.person.id === person.id);
  const [inviting, setInviting] = useState(false);
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState<Shown>('all');
  const words = search.trim().toLocaleLowerCase();
  const found = data?.filter(
    (person) =>
      (shown === 'all' ? person.state !== 'deactivated' : person.state === shown) &&
      [
        person.name,
        person.email,
        roleName(person.role),
        ...(person.groups ?? []).map((group) => group.name),
      ].some((text) => text.toLocaleLowerCase().includes(words)),
  );
  return (
    <Column wide>
      <Panel
        title={t`People`}
        note={t`An account for each person, never shared. Deactivated, it is shut out at once everywhere.`}
        action={
          <Button leftSection={<IconPlus size={15} />} onClick={() => setInviting(true)}>
            <Trans>Invite</Trans>
          </Button>
        }
      >
        <Group gap="sm" mb="sm" align="center">
          <TextInput
            size="sm"
            flex={1}
            miw={180}
            type="search"
            aria-label={t`Search people`}
            placeholder={t`Name, e-mail, role or group`}
            leftSection={<IconSearch size={15} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <div className={classes.states}>
            <SegmentedControl
              size="xs"
              aria-label={t`Which people`}
              value={shown}
              onChange={(next) => setShown(next as Shown)}
              data={[
                { value: 'all', label: t`Everyone` },
                { value: 'active', label: t`Active` },
                { value: 'invited', label: t`Invited` },
                { value: 'deactivated', label: t`Deactivated` },
              ]}
            />
          </div>
        </Group>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !found ? (
          <Skeleton height={200} />
        ) : found.length === 0 ? (
          <Text size="sm" c="dimmed" py="md">
            {data?.length === 1 && !words ? (
              <Trans>Only you work here so far. Invite the first colleague.</Trans>
            ) : (
              <Trans>Nobody is found.</Trans>
            )}
          </Text>
        ) : (
          <Table verticalSpacing={7} highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>
                  <Trans>Name</Trans>
                </Table.Th>
                <Table.Th className={classes.wide}>
                  <Trans>Role</Trans>
                </Table.Th>
                <Table.Th className={classes.wide}>
                  <Trans>Groups</Trans>
                </Table.Th>
                <Table.Th className={classes.wide}>
                  <Trans>Second step</Trans>
                </Table.Th>
                <Table.Th>
                  <Trans>Last sign-in</Trans>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map((person) => (
                <Table.Tr
                  key={person.id}
                  data-off={person.state === 'deactivated' || undefined}
                  className={classes.row}
                >
                  <Table.Td>
                    <Link to="/settings/people/$id" params={{ id: person.id }} className={classes.link}>
                      <Named name={person.name} />
                    </Link>
                    <div className={`${classes.quiet} ${classes.address}`}>{person.email}</div>
                    <div className={`${classes.quiet} ${classes.narrow}`}>
                      {roleName(person.role)}
                      {guardOf(person) && (
                        <>
                          {' · '}
                          <GuardOf guard={guardOf(person)} />
                        </>
                      )}
                    </div>
                  </Table.Td>
                  <Table.Td className={classes.wide}>{roleName(person.role)}</Table.Td>
                  <Table.Td className={classes.wide}>
                    {person.groups?.map((group) => group.name).join(', ')}
                  </Table.Td>
                  <Table.Td className={classes.wide}>
                    <GuardOf guard={guardOf(person)} />
                  </Table.Td>
                  <Table.Td>
                    <StateOf person={person} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Panel>
      {inviting && <Invite onClose={() => setInviting(false)} />}
    </Column>
  );
}

/** What somebody proves with besides the password, and whether what is demanded is missing. */
function GuardOf({ guard }: { guard?: Guarded['items'][number] }) {
  const factor = useFactorWords();
  if (!guard) return null; // who is closed out has nothing to prove
  if (guard.kinds.length) return guard.kinds.map((kind) => factor[kind]).join(', ');
  return guard.demanded ? (
    <Badge variant="light" color="orange" tt="none">
      <Trans>demanded, missing</Trans>
    </Badge>
  ) : (
    <span className={classes.quiet}>
      <Trans>password alone</Trans>
    </span>
  );
}

function StateOf({ person }: { person: Person }) {
  if (person.state === 'deactivated') {
    return (
      <Badge variant="light" color="gray" tt="none">
        <Trans>deactivated</Trans>
      </Badge>
    );
  }
  if (person.state === 'invited') {
    return (
      <>
        <Badge variant="light" color={person.link_ends_at ? 'blue' : 'orange'} tt="none">
          <Trans>invited</Trans>
        </Badge>
        <div className={classes.quiet}>
          {person.link_ends_at ? (
            <Trans>
              until <When at={person.link_ends_at} />
            </Trans>
          ) : (
            <Trans>the link has run out</Trans>
          )}
        </div>
      </>
    );
  }
  return person.last_sign_in ? (
    <When at={person.last_sign_in} />
  ) : (
    <span className={classes.quiet}>
      <Trans>not yet</Trans>
    </span>
  );
}
