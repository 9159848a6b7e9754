import { Trans, useLingui } from '@lingui/react/macro';
import { IconNote, IconPlus, IconRepeat } from '@tabler/icons-react';
import { type TouchEvent, useEffect, useRef, useState } from 'react';
import type { Agenda, Column, Status } from '../../api/journal';
import { Avatar } from '../../kit/avatar';
import {
  asDate,
  clockOf,
  dayOf,
  daysLater,
  minutesBetween,
  mondayOf,
  type Wall,
  wallOf,
} from '../../kit/wall';
import { writing } from '../../text';
import classes from './day-list.module.css';
import { busyOn, type Placed, takes } from './parts';
import { icons, useStatusWords } from './status';

interface Props {
  agenda: Agenda;
  columns: Column[];
  shown: Placed[];
  day: string;
  now: Wall;
  nameOf: (placed: Placed) => string;
  mayChange: (placed: Placed) => boolean;
  onDay: (day: string) => void;
  onOpen: (id: string, box: DOMRect) => void;
  onMark: (placed: Placed, status: Status) => void;
  onBegin?: (from: Wall, staff: string | undefined) => void;
}

/** A day for the thumb: one list by time; a swipe aside brings the next day. */
export function DayList({
  agenda,
  columns,
  shown,
  day,
  now,
  nameOf,
  mayChange,
  onDay,
  onOpen,
  onMark,
  onBegin,
}: Props) {
  const { t } = useLingui();
  const words = useStatusWords();
  const touch = useRef<{ x: number; y: number } | null>(null);
  const [away, setAway] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const several = columns.length > 1;
  const rows: (
    | { kind: 'visit'; one: Placed; from: Wall; to: Wall }
    | { kind: 'busy' | 'free'; from: Wall; to: Wall; staff: string }
  )[] = shown.map((one) => ({ kind: 'visit' as const, one, from: one.from, to: one.to }));
  for (const span of busyOn(agenda)) rows.push({ kind: 'busy', ...span });
  if (!several && onBegin) {
    for (const span of free(agenda, shown, columns[0]?.id ?? '')) {
      if (span.to > now) rows.push({ kind: 'free', ...span });
    }
  }
  rows.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const next = day === dayOf(now) ? rows.findIndex((row) => row.to > now) : -1;

  // biome-ignore lint/correctness/useExhaustiveDependencies: with each day it begins anew
  useEffect(() => {
    list.current?.querySelector('[data-next]')?.scrollIntoView({ block: 'center' });
  }, [day]);

  function onEnd(event: TouchEvent) {
    const from = touch.current;
    touch.current = null;
    setAway(0);
    const end = event.changedTouches[0];
    if (!from || !end) return;
    const x = end.clientX - from.x;
    const y = end.clientY - from.y;
    if (Math.abs(x) < 56 || Math.abs(x) < Math.abs(y) * 1.6) return;
    onDay(daysLater(day, x < 0 ? 1 : -1));
  }

  const monday = mondayOf(day);
  const short = new Intl.DateTimeFormat(writing(), { timeZone: 'UTC', weekday: 'short' });
  return (
    <div className={classes.place}>
      <div className={classes.week} role="group" aria-label={t`Days of the week`}>
        {Array.from({ length: 7 }, (_, index) => daysLater(monday, index)).map((each) => (
          <button
            key={each}
            type="button"
            className={classes.day}
            aria-pressed={each === day}
            data-today={each === dayOf(now) || undefined}
            onClick={() => onDay(each)}
          >
            <span>{short.format(asDate(each))}</span>
            <b>{Number(each.slice(8))}</b>
          </button>
        ))}
      </div>
      <div
        ref={list}
        className={classes.list}
        style={{ transform: away ? `translateX(${away}px)` : undefined }}
        onTouchStart={(event) => {
          const at = event.touches[0];
          touch.current = at ? { x: at.clientX, y: at.clientY } : null;
        }}
        onTouchMove={(event) => {
          const at = event.touches[0];
          const from = touch.current;
          if (!at || !from) return;
          const x = at.clientX - from.x;
          if (Math.abs(x) > 16 && Math.abs(x) > Math.abs(at.clientY - from.y) * 1.4) setAway(x / 3);
        }}
        onTouchEnd={onEnd}
        onTouchCancel={() => {
          touch.current = null;
          setAway(0);
        }}
      >
        {rows.length === 0 && (
          <p className={classes.nothing}>
            <Trans>No appointments on this day.</Trans>
          </p>
        )}
        <ol className={classes.rows}>
          {rows.map((row, index) => {
            if (row.kind === 'visit') {
              const { one } = row;
              const { visit } = one;
              const status = visit.status ?? 'waiting';
              const who = columns.find((each) => each.id === one.staff)?.name ?? '';
              return (
                <li key={visit.id} className={classes.row} data-next={index === next || undefined}>
                  <Times from={row.from} to={row.to} />
                  <div className={classes.visit} data-status={status} data-past={row.to < now || undefined}>
                    <button
                      type="button"
                      className={classes.open}
                      onClick={(event) => onOpen(visit.id, event.currentTarget.getBoundingClientRect())}
                    >
                      <span className={classes.who}>{nameOf(one)}</span>
                      <span className={classes.what}>
                        {visit.contact ? visit.title : ''}
                        {visit.series && <IconRepeat size={13} aria-label={t`One of a series`} />}
                        {visit.note && <IconNote size={13} aria-label={t`Has a note`} />}
                      </span>
                      {several && (
                        <span className={classes.staff}>
                          <Avatar name={who} size={16} /> {who}
                        </span>
                      )}
                      <span className={classes.state}>
                        {icons[status]} {words[status]}
                      </span>
                    </button>
                    {mayChange(one) && takes(visit) && status !== 'came' && (
                      <button
                        type="button"
                        className={classes.came}
                        aria-label={`${nameOf(one)}: ${words.came}`}
                        title={words.came}
                        onClick={() => onMark(one, 'came')}
                      >
                        {icons.came}
                      </button>
                    )}
                  </div>
                </li>
              );
            }
            return (
              <li
                key={`${row.kind} ${row.staff} ${row.from}`}
                className={classes.row}
                data-next={index === next || undefined}
              >
                <Times from={row.from} to={row.to} />
                {row.kind === 'busy' ? (
                  <div className={classes.busy}>
                    <Trans>Busy</Trans>
                    {several && <span> · {columns.find((each) => each.id === row.staff)?.name}</span>}
                  </div>
                ) : (
                  <button
                    type="button"
                    className={classes.free}
                    onClick={() => onBegin?.(row.from, row.staff)}
                  >
                    <IconPlus size={14} aria-hidden /> <Trans>Free</Trans>
                  </button>
                )}
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

function Times({ from, to }: { from: Wall; to: Wall }) {
  return (
    <span className={classes.times}>
      <b>{clockOf(from)}</b>
      <span>{clockOf(to)}</span>
    </span>
  );
}

/** Working time that nothing takes, where at least a quarter of an hour is left. */
function free(agenda: Agenda, shown: Placed[], staff: string) {
  const zone = agenda.time_zone;
  const taken = [
    ...shown.filter((each) => each.staff === staff && takes(each.visit)),
    ...busyOn(agenda).filter((each) => each.staff === staff),
  ].sort((a, b) => (a.from < b.from ? -1 : 1));
  const all: { staff: string; from: Wall; to: Wall }[] = [];
  for (const hours of agenda.hours.filter((each) => each.staff === staff)) {
    let at = wallOf(hours.from, zone);
    const end = wallOf(hours.to, zone);
    for (const one of taken) {
      if (one.to <= at || one.from >= end) continue;
      if (minutesBetween(at, one.from) >= 15) all.push({ staff, from: at, to: one.from });
      if (one.to > at) at = one.to;
    }
    if (at < end && minutesBetween(at, end) >= 15) all.push({ staff, from: at, to: end });
  }
  return all;
}
