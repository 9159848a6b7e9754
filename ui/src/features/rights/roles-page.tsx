import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Group, Modal, Select, Skeleton, Stack, TextInput } from '@mantine/core';
import { IconChevronRight, IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { addRole, type Role, roles } from '../../api/people';
import { Refusal, useAttempt } from '../../kit/attempt';
import { Failure } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { Column, Panel } from '../../kit/page';
import { roleName } from '../../kit/words';
import classes from './rights.module.css';

/** All roles, and a new one made from an old one. */
export function RolesPage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(roles);
  const [adding, setAdding] = useState(false);
  return (
    <Column>
      <Panel
        title={t`Roles and rights`}
        note={t`A role carries the rights: whoever gets the role gets them all, and a change is in force at once.`}
        action={
          <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
            <Trans>New role</Trans>
          </Button>
        }
      >
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={220} />
        ) : (
          <ul className={classes.rows}>
            {data.map((role) => (
              <li key={role.id}>
                <Link to="/settings/roles/$id" params={{ id: role.id }} className={classes.roleRow}>
                  <span className={classes.roleName}>{roleName(role)}</span>
                  {role.administrator && (
                    <Badge variant="light" size="sm" tt="none">
                      <Trans>administrator</Trans>
                    </Badge>
                  )}
                  <span className={classes.grow} />
                  {role.people !== undefined && (
                    <span className={classes.quiet}>
                      <Plural value={role.people} one="# person" other="# people" />
                    </span>
                  )}
                  <IconChevronRight size={16} aria-hidden />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {adding && data && <NewRole roles={data} onClose={() => setAdding(false)} />}
    </Column>
  );
}

function NewRole({ roles: all, onClose }: { roles: Role[]; onClose: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { draft, set, forget } = useFormDraft<{ name: string; like: string | null }>(
    'castellan.draft.role',
    (left) => ({ name: '', like: all.find((role) => role.built === 'specialist')?.id ?? null, ...left }),
  );
  const { name, like } = draft;
  const { busy, failure, attempt } = useAttempt();

  const make = () =>
    attempt(async () => {
      const model = all.find((role) => role.id === like);
      const made = await addRole({
        name: name.trim(),
        grades: model?.grades ?? {},
        sights: model?.sights ?? [],
        abilities: model?.abilities ?? [],
        ...(model?.days ? { days: model.days } : {}),
        ...(model?.stages ? { stages: model.stages } : {}),
      });
      forget();
      await client.invalidateQueries({ queryKey: ['roles'] });
      await navigate({ to: '/settings/roles/$id', params: { id: made.id } });
    });

  return (
    <Modal
      opened
      onClose={onClose}
      title={t`New role`}
      size="sm"
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          <TextInput
            size="sm"
            data-autofocus
            required
            label={t`Name`}
            value={name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Select
            size="sm"
            clearable
            label={t`Begin like`}
            description={t`Empty: with no right at all.`}
            data={all
              .filter((role) => !role.administrator)
              .map((role) => ({ value: role.id, label: roleName(role) }))}
            value={like}
            onChange={(next) => set({ like: next })}
          />
          <Group justify="flex-end">
            <Button size="sm" type="submit" loading={busy} disabled={!name.trim()}>
              <Trans>Make</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
