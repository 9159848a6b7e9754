import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Modal, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPencil, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import { type Offered, offered, setOffered } from '../../api/offered';
import { bulk, type Done, progress, undo } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { Failure, useTell } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { Column, Panel } from '../../kit/page';
import { useUndo } from '../../kit/undo';
import classes from './settings.module.css';

type Sort = keyof Offered;

const fieldOf: Record<Sort, string> = { tags: 'tags', sources: 'source' };

/** The tags and the sources that everybody is offered, so that all write the same. */
export function WordsPage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(offered);
  if (error) return <Failure failure={error} retry={refetch} />;
  return (
    <Column>
      {!data ? (
        <Skeleton height={240} />
      ) : (
        <>
          <Words
            sort="tags"
            all={data}
            title={t`Tags`}
            note={t`Offered wherever somebody writes a tag. A word that is typed besides is taken too.`}
            fresh={t`A new tag`}
          />
          <Words
            sort="sources"
            all={data}
            title={t`Sources`}
            note={t`Offered where it is said how a client came to you.`}
            fresh={t`A new source`}
          />
        </>
      )}
    </Column>
  );
}

function Words({
  sort,
  all,
  title,
  note,
  fresh,
}: {
  sort: Sort;
  all: Offered;
  title: string;
  note: string;
  fresh: string;
}) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const offerUndo = useUndo();
  const { draft, set, clear } = useFormDraft<{ word: string }>(`castellan.draft.${sort}`, (left) => ({
    word: '',
    ...left,
  }));
  const typed = draft.word;
  const { busy, attempt } = useAttempt();
  const [renaming, setRenaming] = useState<string | null>(null);
  const words = all[sort];

  async function put(next: string[]): Promise<boolean> {
    client.setQueryData(offered.queryKey, { ...all, [sort]: next });
    try {
      client.setQueryData(offered.queryKey, await setOffered({ ...all, [sort]: next }));
      return true;
    } catch (failure) {
      client.setQueryData(offered.queryKey, all);
      tell(failure);
      return false;
    }
  }

  function move(index: number, by: number) {
    const next = [...words];
    const [word] = next.splice(index, 1);
    if (word === undefined) return;
    next.splice(index + by, 0, word);
    void put(next);
  }

  async function drop(word: string) {
    const before = words;
    if (!(await put(words.filter((each) => each !== word)))) return;
    offerUndo(<Trans>“{word}” is no longer offered. Where it is written, it stays.</Trans>, () =>
      put(before),
    );
  }

  return (
    <Panel title={title} note={note} label={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim())
            void attempt(async () => {
              if (await put([...words, typed.trim()])) clear();
            });
        }}
      >
        <Group gap={8} mb="sm">
          <TextInput
            size="sm"
            style={{ flex: 1 }}
            aria-label={fresh}
            placeholder={fresh}
            maxLength={60}
            value={typed}
            onChange={(event) => set({ word: event.currentTarget.value })}
          />
          <Button type="submit" size="sm" variant="default" loading={busy} disabled={!typed.trim()}>
            <Trans>Add</Trans>
          </Button>
        </Group>
      </form>
      {words.length === 0 && (
        <Text size="sm" c="dimmed">
          <Trans>Nothing here yet</Trans>
        </Text>
      )}
      <ul className={classes.words}>
        {words.map((word, index) => (
          <li key={word} className={classes.word}>
            <span className={classes.wordName}>{word}</span>
            <ActionIcon
              aria-label={`${t`Move up`}: ${word}`}
              disabled={index === 0}
              onClick={() => move(index, -1)}
            >
              <IconArrowUp size={15} />
            </ActionIcon>
            <ActionIcon
              aria-label={`${t`Move down`}: ${word}`}
              disabled={index === words.length - 1}
              onClick={() => move(index, 1)}
            >
              <IconArrowDown size={15} />
            </ActionIcon>
            <ActionIcon aria-label={`${t`Rename`}: ${word}`} onClick={() => setRenaming(word)}>
              <IconPencil size={15} />
            </ActionIcon>
            <ActionIcon aria-label={`${t`Remove`}: ${word}`} onClick={() => drop(word)}>
              <IconX size={15} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {renaming !== null && (
        <Rename
          sort={sort}
          word={renaming}
          onClose={() => setRenaming(null)}
          onOffered={(next) => put(words.map((each) => (each === renaming ? next : each)))}
        />
      )}
    </Panel>
  );
}

/** Waits until a large piece of work has ended. */
async function ended(done: Done): Promise<Done> {
  let now = done;
  while (now.running) {
    await new Promise((next) => setTimeout(next, 500));
    const look = await progress(done.operation);
    now = { ...now, done: look.done, running: look.state === 'running' };
  }
  return now;
}

/** A word in a filter, as its grammar quotes it. */
const quoted = (word: string) => `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** Another name for a word: where it is offered and, if it is wished, where it is written. */
function Rename({
  sort,
  word,
  onClose,
  onOffered,
}: {
  sort: Sort;
  word: string;
  onClose: () => void;
  onOffered: (next: string) => Promise<boolean>;
}) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const offerUndo = useUndo();
  const { data: all = [] } = useQuery(kinds);
  const { draft, set, forget } = useFormDraft<{ word: string }>(
    `castellan.draft.${sort}.${word}`,
    (left) => ({ word, ...left }),
  );
  const typed = draft.word;
  const { busy, failure, attempt } = useAttempt();
  const field = fieldOf[sort];
  const next = typed.trim();
  const written = (kind: Kind) =>
    (kind.actions.edit ?? 'denied') !== 'denied' &&
    kind.fields.some((each) => each.name === field && each.writable !== false);

  /** Changes it on every record of a kind that this person may change; gives what takes it back, the last first. */
  async function rewrite(kind: Kind): Promise<Done[]> {
    const filter = sort === 'tags' ? `tags has ${quoted(word)}` : `source = ${quoted(word)}`;
    if (sort === 'sources') {
      return [await ended(await bulk(kind.plural, { filter, action: 'update', patch: { source: next } }))];
    }
    // The new one first: nothing is ever without either.
    const added = await ended(await bulk(kind.plural, { filter, action: 'tag', patch: { tags: [next] } }));
    const taken = await ended(await bulk(kind.plural, { filter, action: 'untag', patch: { tags: [word] } }));
    return [taken, added];
  }

  const go = (everywhere: boolean) =>
    attempt(async () => {
      const back: Done[] = [];
      let changed = 0;
      for (const kind of everywhere ? all.filter(written) : []) {
        const done = await rewrite(kind);
        changed += done[0]?.done ?? 0;
        back.unshift(...done.filter((each) => each.done > 0));
      }
      if (!(await onOffered(next))) return;
      forget();
      void client.invalidateQueries({ queryKey: ['records'] });
      if (everywhere)
        offerUndo(
          <Plural value={changed} one="# record says it anew." other="# records say it anew." />,
          async () => {
            for (const each of back) await undo(each.operation);
            await onOffered(word);
            await client.invalidateQueries({ queryKey: ['records'] });
          },
        );
      onClose();
    });

  const ready = next !== '' && next !== word;
  return (
    <Modal
      opened
      onClose={onClose}
      size="sm"
      title={`${t`Rename`}: ${word}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void go(holds(me, 'records.bulk'));
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          <TextInput
            size="sm"
            label={t`Name`}
            data-autofocus
            maxLength={60}
            value={typed}
            onChange={(event) => set({ word: event.currentTarget.value })}
          />
          <Group justify="flex-end">
            <Button variant="default" size="sm" disabled={!ready || busy} onClick={() => go(false)}>
              <Trans>Only what is offered</Trans>
            </Button>
            {holds(me, 'records.bulk') && (
              <Button
                type="submit"
                size="sm"
                disabled={!ready}
                loading={busy}
                leftSection={<IconPlus size={14} />}
              >
                <Trans>Also on all records</Trans>
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
