import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Menu, Select, Skeleton, VisuallyHidden } from '@mantine/core';
import { IconClockPause, IconDots } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  type KeyboardEvent,
  memo,
  startTransition,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Problem } from '../../api/http';
import type { Field, Kind } from '../../api/kinds';
import {
  board,
  change,
  type Lane,
  type PersonRef,
  type Question,
  type Record_,
  type RecordRef,
  restOfLane,
  type Values,
} from '../../api/records';
import { useMe } from '../../api/session';
import { type Pipeline, pipelines, type Stage } from '../../api/workspace';
import { Avatar } from '../../kit/avatar';
import { Failure, useTell } from '../../kit/failure';
import { FieldValue, moneyText } from '../../kit/field-value';
import { allOf, line, parse } from '../../kit/filter/condition';
import { useUndo } from '../../kit/undo';
import { writing } from '../../text';
import classes from './board.module.css';
import { followsFinger } from './board-touch';
import { place } from './cache';
import { boardQuestion, chosenLine, linesOf } from './question';
import { AskFirst } from './stage-asks';

interface Props {
  kind: Kind;
  question: Question;
  pipeline: string;
  onPipeline: (id: string) => void;
  opened: string | undefined;
  onOpen: (record: Record_) => void;
}

// Cards of a column that a screen has room for.
const inSight = 9;

type Shown = { pipeline: string; lanes: Lane[] };

/** A move that the stage does not take yet: it asks for these fields first. */
interface Asked {
  record: Record_;
  to: string;
  fields: Field[];
}

/** What passes through stages, as columns of cards that are dragged, or moved by keys and by a menu. */
export default function Board({ kind, question, pipeline, onPipeline, opened, onOpen }: Props) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const undo = useUndo();
  const { data: every } = useQuery(pipelines);
  const lines = useMemo(() => linesOf(kind, every), [every, kind]);
  const chosen = chosenLine(lines, pipeline);
  const ask = useMemo(
    () => boardQuestion(kind, { filter: question.filter, search: question.search }, chosen),
    [question.filter, question.search, chosen, kind],
  );
  const options = useMemo(() => board(kind.plural, ask), [kind.plural, ask]);
  const { data, error, refetch } = useQuery({ ...options, enabled: !!chosen });
  const [asked, setAsked] = useState<Asked | null>(null);
  const [said, setSaid] = useState('');
  const may = (kind.actions.edit ?? 'denied') !== 'denied' && !me.view_as;

  // One record is moved by one request at a time, so that each knows the version before
  // it: whoever moves a card on before the server has answered is not told of a conflict.
  const under = useRef(new Map<string, Promise<Record_>>());
  const stands = useRef(new Map<string, number>());

  const send = useCallback(
    async (record: Record_, to: string, more: Values = {}): Promise<Record_> => {
      const stage = kind.stage ?? 'stage';
      client.setQueryData<Shown>(options.queryKey, (now) => now && moved(now, record, to));
      const before = under.current.get(record.id);
      const run = (async () => {
        await before?.catch(() => {}); // it says itself what was refused
        const version = Math.max(record.version, stands.current.get(record.id) ?? 0);
        const saved = await change(kind.plural, record.id, version, { ...more, [stage]: to });
        stands.current.set(record.id, saved.version);
        return saved;
      })();
      under.current.set(record.id, run);
      const last = () => under.current.get(record.id) === run;
      try {
        const saved = await run;
        if (last()) {
          client.setQueryData<Shown>(options.queryKey, (now) => now && renewed(now, saved));
          place(client, kind.plural, saved);
          void client.invalidateQueries({ queryKey: ['records', kind.plural, 'list'] });
        }
        return saved;
      } catch (failure) {
        await client.invalidateQueries({ queryKey: options.queryKey });
        throw failure;
      } finally {
        if (last()) under.current.delete(record.id);
      }
    },
    [client, kind, options.queryKey],
  );

  const move = useCallback(
    async (record: Record_, to: string, more: Values = {}) => {
      const stage = kind.stage ?? 'stage';
      const from = String(record[stage] ?? '');
      const into = chosen?.stages.find((each) => each.id === to);
      if (from === to || !into) return;
      try {
        const saved = await send(record, to, more);
        setAsked(null);
        const title = String(record[kind.title] ?? '');
        setSaid(t`${title}: now in ${into.name}`);
        undo(<Trans>Moved to {into.name}.</Trans>, () => send(saved, from));
      } catch (failure) {
        const fields = wanted(kind, failure);
        if (fields.length > 0) setAsked({ record, to, fields });
        else tell(failure);
        if (more && Object.keys(more).length > 0) throw failure;
      }
    },
    [kind, chosen, send, undo, tell, t],
  );

  if (error) return <Failure failure={error} retry={refetch} />;
  if (!chosen && every) {
    return (
      <p className={classes.none}>
        <Trans>There is no pipeline yet. Whoever may manage pipelines makes one in the settings.</Trans>
      </p>
    );
  }
  return (
    <div className={classes.place}>
      {lines.length > 1 && chosen && (
        <Select
          className={classes.choice}
          size="xs"
          allowDeselect={false}
          aria-label={t`Pipeline`}
          data={lines.map((each) => ({ value: each.id, label: each.name }))}
          value={chosen.id}
          onChange={(id) => id && onPipeline(id)}
        />
      )}
      <section
        className={classes.board}
        data-loading={!data || undefined}
        data-board
        aria-label={t`Board`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reached by keys
        tabIndex={0}
      >
        {chosen?.stages.map((stage) => (
          <LaneOf
            key={stage.id}
            kind={kind}
            pipeline={chosen}
            stage={stage}
            lane={data?.lanes.find((each) => each.stage === stage.id)}
            question={ask}
            narrowed={!!(question.search || question.filter)}
            opened={opened}
            onOpen={onOpen}
            onMove={may ? move : undefined}
          />
        ))}
      </section>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      {asked && (
        <AskFirst
          kind={kind}
          record={asked.record}
          fields={asked.fields}
          reasons={chosen?.reasons ?? []}
          stage={chosen?.stages.find((each) => each.id === asked.to)?.name ?? ''}
          onClose={() => setAsked(null)}
          onSave={(values) => move(asked.record, asked.to, values)}
        />
      )}
    </div>
  );
}

const fieldOf = (kind: Kind, name: string | undefined) => kind.fields.find((each) => each.name === name);

/** The fields for which the server asks before something enters a stage. */
function wanted(kind: Kind, failure: unknown): Field[] {
  if (!(failure instanceof Problem)) return [];
  const named = failure.parts
    .filter((part) => part.code === 'stage.requires' || part.code === 'field.required')
    .map((part) => part.field);
  if (failure.code === 'stage.requires' && failure.field) named.push(failure.field);
  return kind.fields.filter((field) => named.includes(field.name));
}

const amountOf = (record: Record_) => (typeof record.amount === 'string' ? Number(record.amount) : 0);

/** The board with a record at the top of another stage, and the sums that follow. */
function moved(now: Shown, record: Record_, to: string): Shown {
  const from = now.lanes.find((lane) => lane.page.items.some((each) => each.id === record.id));
  const currency = typeof record.currency === 'string' ? record.currency : '';
  return {
    ...now,
    lanes: now.lanes.map((lane) => {
      if (lane.stage === to) {
        return {
          ...lane,
          count: { ...lane.count, n: lane.count.n + 1 },
          totals: added(lane.totals, currency, amountOf(record)),
          page: { ...lane.page, items: [{ ...record, stage: to }, ...lane.page.items] },
        };
      }
      if (lane !== from) return lane;
      return {
        ...lane,
        count: { ...lane.count, n: lane.count.n - 1 },
        totals: added(lane.totals, currency, -amountOf(record)),
        page: { ...lane.page, items: lane.page.items.filter((each) => each.id !== record.id) },
      };
    }),
  };
}

function added(totals: Lane['totals'], currency: string, by: number): Lane['totals'] {
  if (by === 0) return totals;
  const known = totals.some((each) => each.currency === currency);
  const all = known ? totals : [...totals, { currency, amount: '0' }];
  return all.map((each) =>
    each.currency === currency ? { ...each, amount: (Number(each.amount) + by).toFixed(2) } : each,
  );
}

const renewed = (now: Shown, saved: Record_): Shown => ({
  ...now,
  lanes: now.lanes.map((lane) => ({
    ...lane,
    page: {
      ...lane.page,
      items: lane.page.items.map((each) => (each.id === saved.id ? { ...each, ...saved } : each)),
    },
  })),
});

interface LaneProps {
  kind: Kind;
  pipeline: Pipeline;
  stage: Stage;
  lane: Lane | undefined;
  question: Question;
  /** Whether only what fits a search or a filter is shown. */
  narrowed: boolean;
  opened: string | undefined;
  onOpen: (record: Record_) => void;
  onMove: ((record: Record_, to: string) => void) | undefined;
}

function LaneOf({ kind, pipeline, stage, lane, question, narrowed, opened, onOpen, onMove }: LaneProps) {
  const tell = useTell();
  const here = useRef<HTMLElement>(null);
  const [over, setOver] = useState(false);
  const [more, setMore] = useState<{ of: Lane; items: Record_[]; next: string | null } | null>(null);
  const grown = more && more.of.page.next === lane?.page.next ? more : null;
  const next = grown ? grown.next : (lane?.page.next ?? null);
  const shown = useMemo(() => {
    const first = lane?.page.items ?? [];
    const there = new Set(first.map((each) => each.id));
    return [...first, ...(grown?.items ?? []).filter((each) => !there.has(each.id))];
  }, [lane, grown]);
  const id = stage.id ?? '';

  // What is in sight comes at once, the rest of the column a moment later.
  const [whole, setWhole] = useState(false);
  const there = !!lane;
  useEffect(() => {
    if (there) startTransition(() => setWhole(true));
  }, [there]);

  useEffect(() => {
    if (!here.current || !onMove) return;
    return dropTargetForElements({
      element: here.current,
      canDrop: ({ source }) => source.data.board === kind.name && source.data.stage !== id,
      getData: () => ({ stage: id }),
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
      onDrop: ({ source }) => {
        setOver(false);
        onMove(source.data.record as Record_, id);
      },
    });
  }, [kind.name, id, onMove]);

  async function grow() {
    if (!lane || !next) return;
    try {
      const only = { is: 'compare' as const, field: kind.stage ?? 'stage', op: '=' as const, value: id };
      const also = question.filter ? parse(question.filter) : null;
      const page = await restOfLane(
        kind.plural,
        { ...question, filter: line(allOf(also ? [only, also] : [only])) },
        next,
      );
      setMore({ of: lane, items: [...(grown?.items ?? []), ...page.items], next: page.next });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <section
      ref={here}
      className={classes.lane}
      data-over={over || undefined}
      data-outcome={stage.outcome}
      data-stage={id}
      aria-label={stage.name}
    >
      <header className={classes.head}>
        <h2 className={classes.name}>{stage.name}</h2>
        <span className={classes.count}>
          {lane && `${lane.count.n.toLocaleString(writing())}${lane.count.capped ? '+' : ''}`}
        </span>
        <span className={classes.sum}>
          {lane?.totals
            .filter((total) => Number(total.amount) !== 0)
            .map((total) => moneyText(total.amount, total.currency))
            .join(' + ')}
        </span>
      </header>
      <ul className={classes.cards}>
        {!lane
          ? Array.from({ length: 3 }, (_, index) => (
              <li key={index}>
                <Skeleton height={76} radius={8} />
              </li>
            ))
          : shown.slice(0, whole ? undefined : inSight).map((record) => (
              <li key={record.id}>
                <Card
                  kind={kind}
                  pipeline={pipeline}
                  stage={stage}
                  record={record}
                  open={record.id === opened}
                  onOpen={onOpen}
                  onMove={onMove}
                />
              </li>
            ))}
        {lane && shown.length === 0 && (
          <li className={classes.nothing}>
            {narrowed ? <Trans>Nothing found in this stage</Trans> : <Trans>Nothing in this stage</Trans>}
          </li>
        )}
        {next && (
          <li>
            <Button variant="subtle" color="gray" fullWidth onClick={grow}>
              <Trans>Show more</Trans>
            </Button>
          </li>
        )}
      </ul>
    </section>
  );
}

interface CardProps {
  kind: Kind;
  pipeline: Pipeline;
  stage: Stage;
  record: Record_;
  open: boolean;
  onOpen: (record: Record_) => void;
  onMove: ((record: Record_, to: string) => void) | undefined;
}

// What has not changed is not drawn anew when a card moves or a page of a stage comes.
const Card = memo(function Card({ kind, pipeline, stage, record, open, onOpen, onMove }: CardProps) {
  const { t } = useLingui();
  const here = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState(false);
  const title = fieldOf(kind, kind.title);
  const amount = fieldOf(kind, 'amount');
  const date = fieldOf(kind, 'expected_close') ?? fieldOf(kind, 'due');
  const who = record[kind.responsible] as PersonRef | null | undefined;
  const client = [record.contact, record.company].find(
    (each): each is RecordRef => !!each && typeof each === 'object' && !!(each as RecordRef).title,
  );
  const rested = restedFor(pipeline, stage, record);

  // What is held stays held when the board is read anew meanwhile.
  const latest = useRef({ record, stage: stage.id, onMove });
  latest.current = { record, stage: stage.id, onMove };
  const movable = !!onMove;
  useEffect(() => {
    const element = here.current;
    const board = element?.closest<HTMLElement>('[data-board]');
    if (!element || !board || !movable) return;
    const letGo = draggable({
      element,
      getInitialData: () => ({
        board: kind.name,
        record: latest.current.record,
        stage: latest.current.stage,
      }),
      onDragStart: () => setHeld(true),
      onDrop: () => setHeld(false),
    });
    const lift = followsFinger({
      element,
      board,
      onHeld: setHeld,
      onDrop: (to) => latest.current.onMove?.(latest.current.record, to),
    });
    return () => {
      letGo();
      lift();
    };
  }, [kind.name, movable]);

  function onKey(event: KeyboardEvent<HTMLElement>) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
    if (event.altKey && step !== 0) {
      event.preventDefault();
      const index = pipeline.stages.findIndex((each) => each.id === stage.id);
      const to = pipeline.stages[index + step];
      if (to?.id) onMove?.(record, to.id);
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const rise = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (step === 0 && rise === 0) return;
    event.preventDefault();
    focusFrom(event.currentTarget, step, rise);
  }

  return (
    <div ref={here} className={classes.card} data-held={held || undefined} data-open={open || undefined}>
      <a
        className={classes.title}
        href={`/${kind.plural}/${record.id}`}
        draggable={false}
        data-card
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          onOpen(record);
        }}
        onKeyDown={onKey}
      >
        {title && <FieldValue field={title} record={record} look={{ dense: true }} />}
      </a>
      {onMove && <MoveTo pipeline={pipeline} stage={stage} onMove={(to) => onMove(record, to)} />}
      {client && <span className={classes.client}>{client.title}</span>}
      <div className={classes.foot}>
        <span className={classes.amount}>
          {amount && <FieldValue field={amount} record={record} look={{ dense: true }} />}
        </span>
        {rested > 0 && (
          <span className={classes.rested} title={t`Nothing has happened for ${rested} days`}>
            <IconClockPause size={14} aria-hidden />
            <Plural value={rested} one="# day" other="# days" />
          </span>
        )}
        {date && (
          <span className={classes.date}>
            <FieldValue field={date} record={record} look={{ dense: true }} />
          </span>
        )}
        {who?.name && (
          <span title={who.name} className={classes.who}>
            <Avatar name={who.name} size={20} />
            <span className="unseen">{who.name}</span>
          </span>
        )}
      </div>
    </div>
  );
});

/** The menu of the other stages. Before its first use a card has the button alone: a board has hundreds. */
function MoveTo({
  pipeline,
  stage,
  onMove,
}: {
  pipeline: Pipeline;
  stage: Stage;
  onMove: (to: string) => void;
}) {
  const { t } = useLingui();
  const [met, setMet] = useState(false);
  const target = (
    <ActionIcon
      className={classes.menu}
      size="sm"
      aria-label={t`Move to…`}
      title={t`Move to…`}
      aria-haspopup="menu"
      {...(met ? {} : { onClick: () => setMet(true) })}
    >
      <IconDots size={15} />
    </ActionIcon>
  );
  if (!met) return target;
  return (
    <Menu position="bottom-end" width={220} defaultOpened>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Trans>Move to</Trans>
        </Menu.Label>
        {pipeline.stages
          .filter((each) => each.id !== stage.id)
          .map((each) => (
            <Menu.Item key={each.id} onClick={() => each.id && onMove(each.id)}>
              {each.name}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** For how many days too long something has rested in an open stage; 0 if it has not. */
function restedFor(pipeline: Pipeline, stage: Stage, record: Record_): number {
  if (!pipeline.stale_days || stage.outcome !== 'open' || !record.updated_at) return 0;
  const days = Math.floor((Date.now() - Date.parse(record.updated_at)) / 86_400_000);
  return days >= pipeline.stale_days ? days : 0;
}

/** Moves the focus to a neighbouring card: within the lane, or to the same height in the next one that has any. */
function focusFrom(from: HTMLElement, step: number, rise: number) {
  const lane = from.closest<HTMLElement>('[data-outcome]');
  if (!lane?.parentElement) return;
  const cards = (of: Element) => [...of.querySelectorAll<HTMLElement>('[data-card]')];
  const index = cards(lane).indexOf(from);
  if (rise !== 0) {
    cards(lane)[index + rise]?.focus();
    return;
  }
  const lanes = [...lane.parentElement.children];
  for (let at = lanes.indexOf(lane) + step; at >= 0 && at < lanes.length; at += step) {
    const there = cards(lanes[at] as Element);
    if (there.length > 0) {
      there[Math.min(index, there.length - 1)]?.focus();
      return;
    }
  }
}
