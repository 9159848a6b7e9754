import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  Select,
  Skeleton,
  Stack,
  Table,
  TextInput,
} from '@mantine/core';
import { IconKey, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { roles } from '../../api/people';
import { addKey, keys, removeKey } from '../../api/workspace';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { Column, Panel } from '../../kit/page';
import { When } from '../../kit/when';
import { labelIn } from '../../text';

/** Keys for programs. Each has a role; what it does stands in the log like a person's deeds. */
export function KeysPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error, refetch } = useQuery(keys);
  const { data: allRoles = [] } = useQuery({ ...roles, retry: false });
  const [name, setName] = useState('');
  const [role, setRole] = useState<string | null>(null);
  const [until, setUntil] = useState('');
  const [token, setToken] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function make() {
    if (!role) return;
    setBusy(true);
    try {
      const made = await addKey({
        name: name.trim(),
        role,
        ...(until ? { ends_at: new Date(`${until}T23:59:59`).toISOString() } : {}),
      });
      setToken(made.token);
      setName('');
      await client.invalidateQueries({ queryKey: ['keys'] });
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Column>
      <Panel
        title={t`New key`}
        note={t`A program signs in with it. It may do what its role may, and no more than you.`}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <Group gap="sm" align="flex-end">
            <TextInput
              size="sm"
              style={{ flex: 1, minWidth: 160 }}
              label={t`For which program`}
              required
              withAsterisk={false}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select
              size="sm"
              w={180}
              label={t`Role`}
              allowDeselect={false}
              data={allRoles.map((each) => ({ value: each.id, label: labelIn(each.labels) || each.name }))}
              value={role}
              onChange={setRole}
            />
            <DateField size="sm" w={150} label={t`Until`} value={until} onChange={setUntil} />
            <Button type="submit" size="sm" loading={busy} disabled={!name.trim() || !role}>
              <Trans>Make</Trans>
            </Button>
          </Group>
        </form>
        {token && (
          <Alert color="accent" variant="light" mt="md" title={t`Copy it now; it is not shown again.`}>
            <Stack gap="xs">
              <Code block>{token}</Code>
              <Group>
                <CopyButton value={token}>
                  {({ copied, copy }) => (
                    <Button variant="default" onClick={copy}>
                      {copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}
                    </Button>
                  )}
                </CopyButton>
                <Button variant="subtle" onClick={() => setToken(null)}>
                  <Trans>I have it</Trans>
                </Button>
              </Group>
            </Stack>
          </Alert>
        )}
      </Panel>
      <Panel title={t`Program keys`}>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={100} />
        ) : data.length === 0 ? (
          <Empty icon={<IconKey size={24} />} title={t`No keys`}>
            <Trans>No program has access.</Trans>
          </Empty>
        ) : (
          <Table verticalSpacing={6}>
            <Table.Tbody>
              {data.map((key) => (
                <Table.Tr key={key.id}>
                  <Table.Td fw={500}>{key.name}</Table.Td>
                  <Table.Td>{key.role.name}</Table.Td>
                  <Table.Td c="dimmed">
                    {key.last_used_at ? (
                      <Trans>
                        last used <When at={key.last_used_at} />
                      </Trans>
                    ) : (
                      <Trans>never used</Trans>
                    )}
                  </Table.Td>
                  <Table.Td c="dimmed">
                    {key.ends_at && (
                      <Trans>
                        until <When at={key.ends_at} />
                      </Trans>
                    )}
                  </Table.Td>
                  <Table.Td ta="end">
                    <ActionIcon
                      aria-label={t`Revoke ${key.name}`}
                      onClick={() =>
                        removeKey(key.id).then(() => client.invalidateQueries({ queryKey: ['keys'] }), tell)
                      }
                    >
                      <IconX size={15} />
                    </ActionIcon>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Panel>
    </Column>
  );
}
