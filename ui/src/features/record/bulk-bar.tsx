import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Popover, Select, Stack, TagsInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  IconArrowMerge,
  IconEdit,
  IconFileExport,
  IconTag,
  IconTrash,
  IconUserCheck,
  IconX,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import type { Field, Kind } from '../../api/kinds';
import { offered } from '../../api/offered';
import { names } from '../../api/people';
import { type Bulk, bulk, type Done, progress, type Question, undo } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { useTell } from '../../kit/failure';
import { FieldInput, sendable } from '../../kit/field-input';
import { later, part } from '../../kit/later';
import { useUndo } from '../../kit/undo';
import { fieldLabel } from '../../kit/words';
import { writing } from '../../text';
import classes from './bulk-bar.module.css';
import { useCache } from './cache';

const ExportDialog = part(later(() => import('./export')));
const MergeDialog = part(later(() => import('./merge')));

interface Props {
  kind: Kind;
  selected: ReadonlySet<string>;
  total: { n: number; capped: boolean } | undefined;
  question: Question;
  allLoaded: boolean;
  onDone: () => void;
}

type What = Pick<Bulk, 'action' | 'patch'>;

/** What can be done with many at once. Each of them can be undone. */
export default function BulkBar({ kind, selected, total, question, allLoaded, onDone }: Props) {
  const { t } = useLingui();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const offerUndo = useUndo();
  const { data: people = [] } = useQuery(names);
  const [every, setEvery] = useState(false);
  const [busy, setBusy] = useState(false);
  const [merging, setMerging] = useState<[string, string] | null>(null);
  const [exporting, setExporting] = useState(false);

  const me = useMe();
  const mayAssign = holds(me, 'records.assign');
  const mayEdit = (kind.actions.edit ?? 'denied') !== 'denied';
  const mayDelete = (kind.actions.delete ?? 'denied') !== 'denied';
  const mayExport = (kind.actions.export ?? 'denied') !== 'denied';
  const hasTags = kind.fields.some((field) => field.name === 'tags' && field.writable !== false);
  const mayMerge =
    holds(me, 'records.merge') &&
    mayEdit &&
    (mayDelete || holds(me, 'records.absorb')) &&
    kind.fields.some((field) => field.name === 'phones' || field.name === 'emails');

  function told(what: What, done: number, refused: number, operation: string) {
    offerUndo(
      <>
        {what.action === 'delete' ? (
          <Plural value={done} one="# is in the bin." other="# are in the bin." />
        ) : (
          <Plural value={done} one="# changed." other="# changed." />
        )}{' '}
        {refused > 0 && (
          <Plural value={refused} one="# was not yours to change." other="# were not yours to change." />
        )}
      </>,
      async () => {
        await undo(operation);
        await cache.refresh();
      },
    );
    void cache.refresh();
  }

  /** Tells how far a large piece of work has come, until it has ended. */
  function follow(what: What, begun: Done) {
    const id = notifications.show({
      autoClose: false,
      withCloseButton: false,
      loading: true,
      message: <Progressed done={0} total={begun.total} />,
    });
    const look = async () => {
      try {
        const now = await progress(begun.operation);
        if (now.state === 'running') {
          notifications.update({
            id,
            loading: true,
            autoClose: false,
            withCloseButton: false,
            message: <Progressed done={now.done + now.refused} total={now.total} />,
          });
          setTimeout(look, 700);
          return;
        }
        notifications.hide(id);
        told(what, now.done, now.refused, begun.operation);
      } catch (failure) {
        notifications.hide(id);
        tell(failure);
      }
    };
    setTimeout(look, 500);
  }

  const target: Pick<Bulk, 'ids' | 'filter' | 'search' | 'all'> = every
    ? {
        ...(question.filter || question.search ? {} : { all: true }),
        ...(question.filter ? { filter: question.filter } : {}),
        ...(question.search ? { search: question.search } : {}),
      }
    : { ids: [...selected] };

  async function run(what: What) {
    setBusy(true);
    try {
      const answer = await bulk(kind.plural, { ...target, ...what });
      if (what.action === 'delete' && !every) cache.takeOut(selected);
      if (answer.running) follow(what, answer);
      else told(what, answer.done, answer.refused.length, answer.operation);
      onDone();
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
      void cache.refresh();
    }
  }

  const [first, second] = [...selected];
  const all =
    total && (total.capped ? `${total.n.toLocaleString(writing())}+` : total.n.toLocaleString(writing()));
  return (
    <div className={classes.bar} role="toolbar" aria-label={t`With those ticked`}>
      <span className={classes.count}>
        {every ? (
          <Trans>All {all} that match</Trans>
        ) : (
          <Plural value={selected.size} one="# ticked" other="# ticked" />
        )}
      </span>
      {allLoaded && !every && total && (total.capped || total.n > selected.size) && (
        <Button variant="subtle" size="compact-xs" onClick={() => setEvery(true)}>
          <Trans>Take all {all} that match</Trans>
        </Button>
      )}
      <Group gap={6}>
        {mayEdit && (
          <EditButton kind={kind} busy={busy} onSet={(patch) => void run({ action: 'update', patch })} />
        )}
        {mayEdit && mayAssign && (
          <Popover position="top" width={260} trapFocus>
            <Popover.Target>
              <Button variant="default" leftSection={<IconUserCheck size={15} />} loading={busy}>
                <Trans>Assign</Trans>
              </Button>
            </Popover.Target>
            <Popover.Dropdown>
              <Select
                size="sm"
                searchable
                data-autofocus
                label={t`Who is responsible`}
                comboboxProps={{ withinPortal: false }}
                data={people.map((person) => ({ value: person.id, label: person.name }))}
                onChange={(id) => id && void run({ action: 'assign', patch: { [kind.responsible]: id } })}
              />
            </Popover.Dropdown>
          </Popover>
        )}
        {mayEdit && hasTags && <TagButton onTags={(action, tags) => void run({ action, patch: { tags } })} />}
        {mayMerge && !every && selected.size === 2 && first && second && (
          <Button
            variant="default"
            leftSection={<IconArrowMerge size={15} />}
            onClick={() => setMerging([first, second])}
          >
            <Trans>Merge…</Trans>
          </Button>
        )}
        {mayExport && (
          <Button
            variant="default"
            leftSection={<IconFileExport size={15} />}
            onClick={() => setExporting(true)}
          >
            <Trans>Export…</Trans>
          </Button>
        )}
        {mayDelete && (
          <Button
            variant="default"
            leftSection={<IconTrash size={15} />}
            onClick={() => void run({ action: 'delete' })}
            disabled={busy}
          >
            <Trans>Delete</Trans>
          </Button>
        )}
      </Group>
      <ActionIcon aria-label={t`Untick all`} onClick={onDone}>
        <IconX size={16} />
      </ActionIcon>
      {exporting && (
        <Suspense>
          <ExportDialog
            kind={kind}
            which={every ? { ...target, ...(question.sort ? { sort: question.sort } : {}) } : target}
            shown={(question.fields ?? '').split(',')}
            onClose={() => setExporting(false)}
          />
        </Suspense>
      )}
      {merging && (
        <Suspense>
          <MergeDialog
            kind={kind}
            one={merging[0]}
            other={merging[1]}
            onClose={() => setMerging(null)}
            onMerged={onDone}
          />
        </Suspense>
      )}
    </div>
  );
}

function Progressed({ done, total }: { done: number; total: number }) {
  const so = done.toLocaleString(writing());
  const of = total.toLocaleString(writing());
  return (
    <Trans>
      {so} of {of} are done. You can go on working.
    </Trans>
  );
}

/** Sets one field of all of them to the same value. */
function EditButton({
  kind,
  busy,
  onSet,
}: {
  kind: Kind;
  busy: boolean;
  onSet: (patch: Record<string, unknown>) => void;
}) {
  const { t } = useLingui();
  const [name, setName] = useState<string | null>(null);
  const [value, setValue] = useState<unknown>(undefined);
  // What is every client's own is not set for many at once.
  const fields = kind.fields.filter(
    (field) =>
      !field.house &&
      field.writable !== false &&
      field.name !== kind.title &&
      field.name !== kind.responsible &&
      !['phones', 'emails', 'tags', 'pipeline'].includes(field.type) &&
      !field.follows?.includes('name'),
  );
  const field: Field | undefined = fields.find((each) => each.name === name);
  return (
    <Popover position="top" width={320} trapFocus closeOnClickOutside={false} onClose={() => setName(null)}>
      <Popover.Target>
        <Button variant="default" leftSection={<IconEdit size={15} />} disabled={busy}>
          <Trans>Change a field</Trans>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Select
            size="sm"
            searchable
            data-autofocus
            label={t`Field`}
            comboboxProps={{ withinPortal: false }}
            data={fields.map((each) => ({ value: each.name, label: fieldLabel(each) }))}
            value={name}
            onChange={(next) => {
              setName(next);
              setValue(undefined);
            }}
          />
          {field && (
            <>
              <FieldInput key={field.name} field={field} value={value} onChange={setValue} />
              <Button onClick={() => onSet({ [field.name]: sendable(field, value) })}>
                {sendable(field, value) === null ? (
                  <Trans>Empty this field</Trans>
                ) : (
                  <Trans>Set for all</Trans>
                )}
              </Button>
            </>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function TagButton({ onTags }: { onTags: (action: 'tag' | 'untag', tags: string[]) => void }) {
  const { t } = useLingui();
  const [tags, setTags] = useState<string[]>([]);
  const { data: words } = useQuery(offered);
  return (
    <Popover position="top" width={280} trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconTag size={15} />}>
          <Trans>Tag</Trans>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <TagsInput
            size="sm"
            data-autofocus
            label={t`Tags`}
            comboboxProps={{ withinPortal: false }}
            data={words?.tags ?? []}
            value={tags}
            onChange={setTags}
          />
          <Group gap={6} grow>
            <Button disabled={tags.length === 0} onClick={() => onTags('tag', tags)}>
              <Trans>Add</Trans>
            </Button>
            <Button variant="default" disabled={tags.length === 0} onClick={() => onTags('untag', tags)}>
              <Trans>Take away</Trans>
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
