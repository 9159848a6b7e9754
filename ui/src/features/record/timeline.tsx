import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, Skeleton, Textarea } from '@mantine/core';
import {
  IconArrowBackUp,
  IconCalendarEvent,
  IconChecklist,
  IconEye,
  IconMail,
  IconMessage,
  IconPaperclip,
  IconPencil,
  IconPhone,
  IconPlus,
  IconReceipt,
  IconShare,
  IconTargetArrow,
  IconTrash,
} from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import { change, type Happening, type Record_, timeline } from '../../api/records';
import { Delivery } from '../../kit/delivery';
import { useDraft } from '../../kit/draft';
import { Enclosed } from '../../kit/enclosed';
import { Failure, useTell } from '../../kit/failure';
import { FieldValue, isEmpty } from '../../kit/field-value';
import { Sender } from '../../kit/sender';
import { When } from '../../kit/when';
import { kindMany, kindOne } from '../../kit/words';
import { useCache } from './cache';
import CreateDrawer from './create';
import { Changed } from './history';
import { useNames } from './names';
import classes from './timeline.module.css';

type NameOf = ReturnType<typeof useNames>['nameOf'];

/** Nothing for all, changes, or a kind that leads here. */
type Only = string;

/** What is told of each kind beside its name. */
const facts: Record<string, string[]> = {
  appointment: ['starts_at', 'status'],
  call: ['direction', 'outcome'],
  deal: ['stage', 'amount'],
  invoice: ['status', 'gross'],
  process: ['stage'],
  task: ['due'],
};

const icons: Record<string, ReactNode> = {
  comment: <IconMessage size={14} />,
  created: <IconPlus size={14} />,
  changed: <IconPencil size={14} />,
  updated: <IconPencil size={14} />,
  deal: <IconTargetArrow size={14} />,
  task: <IconChecklist size={14} />,
  call: <IconPhone size={14} />,
  message: <IconMail size={14} />,
  appointment: <IconCalendarEvent size={14} />,
  invoice: <IconReceipt size={14} />,
  file: <IconPaperclip size={14} />,
  revealed: <IconEye size={14} />,
  shared: <IconShare size={14} />,
  deleted: <IconTrash size={14} />,
  restored: <IconArrowBackUp size={14} />,
};

/** All that happened to a record, the newest first, and where to add to it. */
export function Timeline({ kind, record, readOnly }: { kind: Kind; record: Record_; readOnly: boolean }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data: all } = useQuery(kinds);
  const [only, setOnly] = useState<Only>('');
  const [adding, setAdding] = useState<Kind | null>(null);
  const whole = useInfiniteQuery(timeline(kind.plural, record.id));
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    timeline(kind.plural, record.id, only),
  );
  const { nameOf } = useNames();
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  const again = () => client.invalidateQueries({ queryKey: ['records', kind.plural, 'timeline', record.id] });
  const addable = (all ?? []).filter(
    (each) =>
      ['deal', 'task', 'invoice'].includes(each.name) &&
      each.name !== kind.name &&
      (each.actions.create ?? 'denied') !== 'denied' &&
      each.fields.some((field) => field.type === 'relation' && field.target === kind.name),
  );
  // Kinds that lead here, as far as there is something of them: what nobody wrote needs no choice.
  // Where more is there than has come, any of them may be.
  const linked = (all ?? []).filter(
    (each) =>
      !each.within &&
      (whole.data?.pages.some((page) => page.items.some((item) => item.type === each.name)) ||
        (whole.hasNextPage &&
          (each.actions.view ?? 'denied') !== 'denied' &&
          each.fields.some((field) => field.type === 'relation' && field.target === kind.name))),
  );
  const comments = all?.find((each) => each.name === 'comment');
  const mayComment = !readOnly && comments && (comments.actions.create ?? 'denied') !== 'denied';

  return (
    <section className={classes.timeline} aria-label={t`What happened`}>
      <div className={classes.head}>
        <h3 className={classes.title}>
          <Trans>What happened</Trans>
        </h3>
        {!readOnly && (
          <Group gap={4}>
            {addable.map((each) => (
              <Button
                key={each.name}
                variant="subtle"
                size="compact-xs"
                leftSection={<IconPlus size={13} />}
                onClick={() => setAdding(each)}
              >
                {kindOne(each)}
              </Button>
            ))}
          </Group>
        )}
      </div>
      {mayComment && <Comment kind={kind} record={record} onDone={again} />}
      <div role="radiogroup" aria-label={t`Show only`} className={classes.filters}>
        {[
          { value: '', label: t`All` },
          { value: 'comment', label: t`Comments` },
          { value: 'changes', label: t`Changes` },
          ...linked.map((each) => ({ value: each.name, label: kindMany(each) })),
        ].map(({ value, label }) => (
          <label key={value} className={classes.filter}>
            <input
              type="radio"
              className="unseen"
              name={`only ${record.id}`}
              checked={only === value}
              onChange={() => setOnly(value)}
            />
            {label}
          </label>
        ))}
      </div>
      {error ? (
        <Failure failure={error} retry={refetch} />
      ) : !data ? (
        <Skeleton height={90} />
      ) : (
        <ol className={classes.list}>
          {items.map((each) => (
            <Item
              key={`${each.type} ${each.id ?? ''} ${each.at} ${each.version ?? ''}`}
              kind={kind}
              target={all?.find((one) => one.name === each.kind)}
              item={each}
              nameOf={nameOf}
              onDone={again}
            />
          ))}
        </ol>
      )}
      {data && items.length === 0 && (
        <p className={classes.nothing}>
          <Trans>Nothing of this sort yet.</Trans>
        </p>
      )}
      {hasNextPage && (
        <Button variant="subtle" color="gray" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          <Trans>Earlier</Trans>
        </Button>
      )}
      {adding && (
        <CreateDrawer
          kind={adding}
          opened
          begin={beginWith(adding, kind, record)}
          onClose={() => setAdding(null)}
          onCreated={() => {
            setAdding(null);
            void again();
          }}
        />
      )}
    </section>
  );
}

/** The new record is related to the one whose card this is. */
function beginWith(adding: Kind, kind: Kind, record: Record_) {
  const field = adding.fields.find((each) => each.type === 'relation' && each.target === kind.name);
  return field
    ? { [field.name]: { id: record.id, kind: kind.name, title: String(record[kind.title] ?? '') } }
    : {};
}

function Comment({ kind, record, onDone }: { kind: Kind; record: Record_; onDone: () => void }) {
  const { t } = useLingui();
  const { typed, type, send, busy } = useDraft(`castellan.comment.${record.id}`);

  async function say() {
    const values = (text: string) => ({ text, about_kind: kind.name, about: record.id });
    if (await send('comments', values)) onDone();
  }

  return (
    <div className={classes.comment}>
      <Textarea
        size="sm"
        autosize
        minRows={1}
        maxRows={8}
        aria-label={t`Comment`}
        placeholder={t`Write a comment`}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void say();
        }}
      />
      {typed.trim() && (
        <Button onClick={say} loading={busy} mt={6}>
          <Trans>Send</Trans>
        </Button>
      )}
    </div>
  );
}

function Item({
  kind,
  target,
  item,
  nameOf,
  onDone,
}: {
  kind: Kind;
  /** The kind of what is told of, where it may be known. */
  target: Kind | undefined;
  item: Happening;
  nameOf: NameOf;
  onDone: () => void;
}) {
  const { t } = useLingui();
  const outgoing = (item.record as Record_ | undefined)?.direction === 'out';
  const received = item.type === 'message' && !outgoing && item.by?.kind === 'system';
  const sender = (item.record as Record_ | undefined)?.sender;
  const wrote =
    sender === 'proven'
      ? t`The client wrote:`
      : sender === 'other'
        ? t`An answer to our letter:`
        : t`In the client’s name:`;
  const words: Record<string, string> = {
    created: t`created it`,
    changed: t`changed it`,
    updated: t`changed it`,
    comment: t`wrote`,
    file: t`put a file here:`,
    deal: t`opened a deal`,
    task: t`set a task`,
    call: t`recorded a call`,
    message: outgoing ? t`wrote to the client` : received ? wrote : t`noted a message`,
    appointment: t`booked a visit`,
    invoice: t`made an invoice`,
    revealed: t`looked at a closed value`,
    shared: t`shared it`,
    unshared: t`ended a sharing`,
    deleted: t`put it into the bin`,
    restored: t`took it out of the bin`,
    imported: t`imported it`,
    reverted: t`brought an earlier version back`,
  };
  const address = target && item.id && !target.within ? `/${target.plural}/${item.id}` : undefined;
  const title = item.title ?? '';

  return (
    <li className={classes.item}>
      <span className={classes.icon} aria-hidden>
        {icons[item.type] ?? <IconPencil size={14} />}
      </span>
      <div className={classes.what}>
        <div>
          {item.by && !received && <strong>{item.by.name}</strong>}{' '}
          {words[item.type] ?? (target ? `${kindOne(target)}:` : '')}{' '}
          {address ? (
            <a href={address} className={classes.link}>
              {title || t`open`}
            </a>
          ) : (
            item.type !== 'comment' && title
          )}{' '}
          <span className={classes.when}>
            <When at={item.at} />
          </span>
        </div>
        {item.type === 'message' && outgoing && <Delivery message={item.record as Record_} onSent={onDone} />}
        {received && <Sender message={item.record as Record_} />}
        {item.type === 'message' && <Letter body={(item.record as Record_).body} />}
        <Enclosed files={item.files as Record_[] | undefined} />
        {target && item.record ? (
          <Facts kind={target} record={item.record as Record_} nameOf={nameOf} />
        ) : null}
        {item.text && <div className={classes.text}>{item.text}</div>}
        {item.changes && item.changes.length > 0 && item.type !== 'created' && (
          <Changed kind={kind} changes={item.changes} />
        )}
        {item.type === 'task' && !!item.record && (
          <TaskDone record={item.record as Record_} onDone={onDone} />
        )}
      </div>
    </li>
  );
}

/** When a visit is and whether they came, how far a deal has come, and so on. */
function Facts({ kind, record, nameOf }: { kind: Kind; record: Record_; nameOf: NameOf }) {
  const shown = (facts[kind.name] ?? [])
    .map((name) => kind.fields.find((each) => each.name === name))
    .filter((field) => field !== undefined)
    .filter((field) => !isEmpty(record[field.name]));
  if (shown.length === 0 && !record.done) return null;
  return (
    <div className={classes.facts}>
      {shown.map((field) => (
        <span key={field.name}>
          <FieldValue field={field} record={record} look={{ dense: true, nameOf }} />
        </span>
      ))}
      {record.done === true && (
        <span>
          <Trans>done</Trans>
        </span>
      )}
    </div>
  );
}

/** What a mail says, as text; a long one is opened by a click. */
function Letter({ body }: { body: unknown }) {
  const [whole, setWhole] = useState(false);
  if (typeof body !== 'string' || !body.trim()) return null;
  const short = body.length > 400 && !whole;
  return (
    <div className={classes.text}>
      {short ? `${body.slice(0, 360).trimEnd()}… ` : body}
      {short && (
        <Button variant="subtle" size="compact-xs" onClick={() => setWhole(true)}>
          <Trans>Show all of it</Trans>
        </Button>
      )}
    </div>
  );
}

function TaskDone({ record, onDone }: { record: Record_; onDone: () => void }) {
  const cache = useCache('tasks');
  const tell = useTell();
  const { data: all } = useQuery(kinds);
  const task = all?.find((kind) => kind.name === 'task');
  if (record.done || record.can?.edit === false || (task?.actions.edit ?? 'denied') === 'denied') return null;
  return (
    <Button
      variant="default"
      size="compact-xs"
      mt={4}
      onClick={async () => {
        try {
          cache.place(await change('tasks', record.id, record.version, { done: true }));
          onDone();
        } catch (failure) {
          tell(failure);
        }
      }}
    >
      <Trans>Done</Trans>
    </Button>
  );
}
