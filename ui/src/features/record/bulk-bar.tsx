import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Popover, Select, Stack, TagsInput } from '@mantine/core';
import { IconTag, IconTrash, IconUserCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds';
import { names } from '../../api/people';
import { type Bulk, bulk, type Question, undo } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { useTell } from '../../kit/failure';
import { useUndo } from '../../kit/undo';
import classes from './bulk-bar.module.css';
import { useCache } from './cache';

interface Props {
  kind: Kind;
  selected: ReadonlySet<string>;
  total: { n: number; capped: boolean } | undefined;
  question: Question;
  allLoaded: boolean;
  onDone: () => void;
}

/** What can be done with many at once. Each of them can be undone. */
export default function BulkBar({ kind, selected, total, question, allLoaded, onDone }: Props) {
  const { t } = useLingui();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const offerUndo = useUndo();
  const { data: people = [] } = useQuery(names);
  const [every, setEvery] = useState(false);
  const [busy, setBusy] = useState(false);

  const size = every && total ? total.n : selected.size;
  const me = useMe();
  const mayAssign = holds(me, 'records.assign');
  const mayEdit = (kind.actions.edit ?? 'denied') !== 'denied';
  const mayDelete = (kind.actions.delete ?? 'denied') !== 'denied';
  const hasTags = kind.fields.some((field) => field.type === 'tags' && field.writable !== false);

  async function run(what: Pick<Bulk, 'action' | 'patch'>) {
    setBusy(true);
    const target: Pick<Bulk, 'ids' | 'filter' | 'search' | 'all'> = every
      ? {
          ...(question.filter || question.search ? {} : { all: true }),
          ...(question.filter ? { filter: question.filter } : {}),
          ...(question.search ? { search: question.search } : {}),
        }
      : { ids: [...selected] };
    if (what.action === 'delete' && !every) cache.takeOut(selected);
    try {
      const answer = await bulk(kind.plural, { ...target, ...what });
      const refused = answer.refused.length;
      offerUndo(
        <>
          {what.action === 'delete' ? (
            <Plural value={answer.done} one="# is in the bin." other="# are in the bin." />
          ) : (
            <Plural value={answer.done} one="# changed." other="# changed." />
          )}{' '}
          {refused > 0 && (
            <Plural value={refused} one="# was not yours to change." other="# were not yours to change." />
          )}
        </>,
        async () => {
          await undo(answer.operation);
          await cache.refresh();
        },
      );
      onDone();
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
      void cache.refresh();
    }
  }

  return (
    <div className={classes.bar} role="toolbar" aria-label={t`With those ticked`}>
      <span className={classes.count}>
        <Plural value={size} one="# ticked" other="# ticked" />
      </span>
      {allLoaded && !every && total && (total.capped || total.n > selected.size) && (
        <Button variant="subtle" size="compact-xs" onClick={() => setEvery(true)}>
          <Trans>Take all that fit the filter</Trans>
        </Button>
      )}
      <Group gap={6}>
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
        {mayEdit && hasTags && <TagButton onAdd={(tags) => void run({ action: 'tag', patch: { tags } })} />}
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
    </div>
  );
}

function TagButton({ onAdd }: { onAdd: (tags: string[]) => void }) {
  const { t } = useLingui();
  const [tags, setTags] = useState<string[]>([]);
  return (
    <Popover position="top" width={280} trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconTag size={15} />}>
          <Trans>Tag</Trans>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <TagsInput size="sm" data-autofocus label={t`Add tags`} value={tags} onChange={setTags} />
          <Button disabled={tags.length === 0} onClick={() => onAdd(tags)}>
            <Trans>Add</Trans>
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
