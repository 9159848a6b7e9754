import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Badge, Button, Group, Modal, Select, Skeleton, Stack, Table, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Problem } from '../../api/http';
import { addPerson, people, roles } from '../../api/people';
import { Named } from '../../kit/avatar';
import { Failure, useSentence } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { When } from '../../kit/when';
import { labelIn } from '../../text';
import { OneTimeLink } from './one-time-link';
import classes from './people.module.css';

export const roleName = (role: { name: string; labels?: Partial<Record<string, string>> }) =>
  labelIn(role.labels) || role.name;

/** Everyone who works here, each with an account of their own. */
export function PeoplePage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(people);
  const [adding, setAdding] = useState(false);
  return (
    <Column wide>
      <Panel
        title={t`People`}
        note={t`An account for each person, never shared. Deactivated, it is shut out at once everywhere.`}
        action={
          <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
            <Trans>Add a person</Trans>
          </Button>
        }
      >
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={200} />
        ) : (
          <Table.ScrollContainer minWidth={560}>
            <Table verticalSpacing={7} highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>
                    <Trans>Name</Trans>
                  </Table.Th>
                  <Table.Th>
                    <Trans>Role</Trans>
                  </Table.Th>
                  <Table.Th>
                    <Trans>Groups</Trans>
                  </Table.Th>
                  <Table.Th>
                    <Trans>Last sign-in</Trans>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.map((person) => (
                  <Table.Tr
                    key={person.id}
                    data-off={person.state === 'deactivated' || undefined}
                    className={classes.row}
                  >
                    <Table.Td>
                      <Link to="/settings/people/$id" params={{ id: person.id }} className={classes.link}>
                        <Named name={person.name} />
                      </Link>
                      <div className={classes.quiet}>{person.email}</div>
                    </Table.Td>
                    <Table.Td>{roleName(person.role)}</Table.Td>
                    <Table.Td>{person.groups?.map((group) => group.name).join(', ')}</Table.Td>
                    <Table.Td>
                      {person.state === 'deactivated' ? (
                        <Badge variant="light" color="gray" tt="none">
                          <Trans>deactivated</Trans>
                        </Badge>
                      ) : person.last_sign_in ? (
                        <When at={person.last_sign_in} />
                      ) : (
                        <span className={classes.quiet}>
                          <Trans>not yet</Trans>
                        </span>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Panel>
      {adding && <NewPerson onClose={() => setAdding(false)} />}
    </Column>
  );
}

function NewPerson({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const sentence = useSentence();
  const { data: all = [] } = useQuery(roles);
  const [draft, setDraft] = useState({ name: '', email: '', role: '' });
  const [link, setLink] = useState<string | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const role = draft.role || all.find((each) => each.built === 'specialist')?.id || '';
  const wrong = (field: string) =>
    failure instanceof Problem ? failure.parts.find((part) => part.field === field)?.detail : undefined;

  async function add() {
    setBusy(true);
    setFailure(null);
    try {
      const made = await addPerson({ ...draft, role });
      await client.invalidateQueries({ queryKey: ['people'] });
      if (made.link) setLink(made.link.url);
      else onClose();
    } catch (problem) {
      setFailure(problem);
      setBusy(false);
    }
  }

  if (link) {
    return (
      <Modal
        opened
        onClose={onClose}
        title={draft.name}
        size="md"
        closeButtonProps={{ 'aria-label': t`Close` }}
      >
        <OneTimeLink url={link} />
      </Modal>
    );
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={t`Add a person`}
      size="sm"
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
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
            data-autofocus
            required
            withAsterisk={false}
            label={t`Name`}
            value={draft.name}
            error={wrong('name')}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <TextInput
            size="sm"
            type="email"
            required
            withAsterisk={false}
            label={t`E-mail`}
            autoComplete="off"
            value={draft.email}
            error={wrong('email')}
            onChange={(event) => setDraft({ ...draft, email: event.currentTarget.value })}
          />
          <Select
            size="sm"
            allowDeselect={false}
            label={t`Role`}
            data={all.map((each) => ({ value: each.id, label: roleName(each) }))}
            value={role || null}
            onChange={(next) => next && setDraft({ ...draft, role: next })}
          />
          <Group justify="flex-end">
            <Button size="sm" type="submit" loading={busy} disabled={!role}>
              <Trans>Add</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
