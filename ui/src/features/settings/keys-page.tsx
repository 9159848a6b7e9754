import { Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Group, Select, Skeleton, Stack, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconKey } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { roles } from '../../api/people';
import { addKey, changeKey, type Key, keys, removeKey } from '../../api/workspace';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { useFormDraft } from '../../kit/form-draft';
import { Column, Panel } from '../../kit/page';
import { useUnsaved } from '../../kit/unsaved';
import { When } from '../../kit/when';
import { roleName } from '../../kit/words';
import { labelIn } from '../../text';
import { ShownOnce } from './once';
import classes from './settings.module.css';

const day = 86_400_000;

/** A day in so many days, as the date field writes it. */
const inDays = (days: number) => new Date(Date.now() + days * day).toISOString().slice(0, 10);

/** The end of a day, or nothing. */
const endOf = (date: string) => (date ? new Date(`${date}T23:59:59`).toISOString() : '');

const lines = (text: string) =>
  text
    .split(/[\s,;]+/u)
    .map((line) => line.trim())
    .filter(Boolean);

/** Keys for programs. Each has a role; what it does stands in the log under its name. */
export function KeysPage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(keys);
  const over = (key: Key) => !!key.ended_at || (!!key.ends_at && new Date(key.ends_at) <= new Date());
  const live = data?.filter((key) => !over(key)) ?? [];
  const past = data?.filter(over) ?? [];
  return (
    <Column>
      <Panel
        title={t`New key`}
        note={t`A program signs in with it. It may do what its role may, and no more than you.`}
      >
        <NewKey />
      </Panel>
      <Panel title={t`Program keys`}>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={100} />
        ) : live.length === 0 ? (
          <Empty icon={<IconKey size={24} />} title={t`No keys`}>
            <Trans>No program has access.</Trans>
          </Empty>
        ) : (
          <ul className={classes.list}>
            {live.map((key) => (
              <Row key={key.id} of={key} />
            ))}
          </ul>
        )}
      </Panel>
      {past.length > 0 && (
        <Panel title={t`Ended keys`} note={t`They open nothing any more. The log still names them.`}>
          <ul className={classes.list}>
            {past.map((key) => (
              <Row key={key.id} of={key} past />
            ))}
          </ul>
        </Panel>
      )}
    </Column>
  );
}

interface New {
  name: string;
  role: string | null;
  until: string;
  networks: string;
}

function NewKey() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data: allRoles = [] } = useQuery({ ...roles, retry: false });
  const { draft, set, clear } = useFormDraft<New>('castellan.draft.key', (left) => ({
    name: '',
    role: null,
    until: inDays(365),
    networks: '',
    ...left,
  }));
  const { name, role, until, networks } = draft;
  const [token, setToken] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function make() {
    if (!role) return;
    setBusy(true);
    try {
      const made = await addKey({
        name: name.trim(),
        role,
        networks: lines(networks),
        ...(until ? { ends_at: endOf(until) } : {}),
      });
      setToken(made.token);
      clear({ ...draft, name: '', networks: '' });
      await client.invalidateQueries({ queryKey: ['keys'] });
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
        void make();
      }}
    >
      <Stack gap="sm">
        <Group gap="sm" align="flex-end">
          <TextInput
            size="sm"
            style={{ flex: 1, minWidth: 160 }}
            label={t`For which program`}
            required
            withAsterisk={false}
            value={name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Select
            size="sm"
            w={180}
            label={t`Role`}
            allowDeselect={false}
            data={allRoles.map((each) => ({ value: each.id, label: labelIn(each.labels) || each.name }))}
            value={role}
            onChange={(next) => set({ role: next })}
          />
          <DateField
            size="sm"
            w={150}
            label={t`Until`}
            value={until}
            onChange={(next) => set({ until: next })}
          />
        </Group>
        <Textarea
          size="sm"
          label={t`Only from these networks`}
          description={t`One on each line, such as 192.0.2.0/24. Empty: from anywhere.`}
          autosize
          minRows={1}
          maxRows={6}
          value={networks}
          onChange={(event) => set({ networks: event.currentTarget.value })}
        />
        <Group justify="flex-end">
          <Button type="submit" size="sm" loading={busy} disabled={!name.trim() || !role}>
            <Trans>Make</Trans>
          </Button>
        </Group>
      </Stack>
      {token && <ShownOnce secret={token} onDone={() => setToken(null)} />}
    </form>
  );
}

function Row({ of: key, past = false }: { of: Key; past?: boolean }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [editing, setEditing] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: ['keys'] });
  const left = key.ends_at
    ? Math.ceil((Date.parse(key.ends_at) - Date.now()) / day)
    : Number.POSITIVE_INFINITY;
  return (
    <li className={classes.item} data-past={past || undefined}>
      <div className={classes.head}>
        <div className={classes.grow}>
          <div className={classes.name}>
            {key.name}{' '}
            {!past && left <= 14 && (
              <Badge color="orange" variant="light" size="sm" tt="none">
                <Trans>ends soon</Trans>
              </Badge>
            )}
          </div>
          <div className={classes.quiet}>
            {roleName(key.role)} · {key.owner.name} · …{key.hint}
          </div>
          <div className={classes.quiet}>
            {key.last_used_at ? (
              <Trans>
                last used <When at={key.last_used_at} /> from {key.last_used_from || '—'}
              </Trans>
            ) : (
              <Trans>never used</Trans>
            )}
            {' · '}
            {key.ended_at ? (
              <Trans>
                ended <When at={key.ended_at} />
              </Trans>
            ) : key.ends_at ? (
              past ? (
                <Trans>
                  ran out <When at={key.ends_at} />
                </Trans>
              ) : (
                <Trans>
                  until <When at={key.ends_at} />
                </Trans>
              )
            ) : (
              <Trans>without an end</Trans>
            )}
            {key.networks.length > 0 && ` · ${key.networks.join(', ')}`}
          </div>
          {key.refused_at && (
            <Group gap={6} wrap="nowrap" align="flex-start" c="orange.8" fz="sm" mt={4}>
              <IconAlertTriangle size={16} style={{ flex: 'none', marginTop: 2 }} aria-hidden />
              <span>
                {key.refused_why === 'network' ? (
                  <Trans>
                    Refused <When at={key.refused_at} />: it was shown from {key.refused_from}, where it may
                    not be used. If that was not you, it may have leaked.
                  </Trans>
                ) : (
                  <Trans>
                    Refused <When at={key.refused_at} />: it was still shown from {key.refused_from}.
                  </Trans>
                )}
              </span>
            </Group>
          )}
        </div>
        {!past && (
          <div className={classes.acts}>
            {!editing && (
              <Button variant="default" onClick={() => setEditing(true)}>
                <Trans>Change</Trans>
              </Button>
            )}
            <Button
              variant="default"
              color="red"
              aria-label={t`Revoke ${key.name}`}
              onClick={() => removeKey(key.id).then(again, tell)}
            >
              <Trans>Revoke</Trans>
            </Button>
          </div>
        )}
      </div>
      {editing && <Edit of={key} onDone={() => setEditing(false)} />}
    </li>
  );
}

function Edit({ of: key, onDone }: { of: Key; onDone: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [name, setName] = useState(key.name);
  const [until, setUntil] = useState(key.ends_at?.slice(0, 10) ?? '');
  const [networks, setNetworks] = useState(key.networks.join('\n'));
  const now = JSON.stringify([name, until, networks]);
  const [begun] = useState(now);
  useUnsaved(now !== begun);
  const [busy, setBusy] = useState(false);

  async function save() {
    setBusy(true);
    try {
      await changeKey(key.id, {
        version: key.version,
        name: name.trim(),
        networks: lines(networks),
        ...(until === (key.ends_at?.slice(0, 10) ?? '') ? {} : { ends_at: endOf(until) }),
      });
      await client.invalidateQueries({ queryKey: ['keys'] });
      onDone();
    } catch (failure) {
      tell(failure);
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
      <Stack gap="sm" mt="sm">
        <Group gap="sm" align="flex-end">
          <TextInput
            size="sm"
            style={{ flex: 1, minWidth: 160 }}
            label={t`Name`}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <DateField size="sm" w={150} label={t`Until`} value={until} onChange={setUntil} />
        </Group>
        <Textarea
          size="sm"
          label={t`Only from these networks`}
          description={t`One on each line, such as 192.0.2.0/24. Empty: from anywhere.`}
          autosize
          minRows={1}
          maxRows={8}
          value={networks}
          onChange={(event) => setNetworks(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="subtle" onClick={onDone}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            <Trans>Save</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
