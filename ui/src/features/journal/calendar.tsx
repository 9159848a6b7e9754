import {
  type Calendar as Calendar_,
  createCalendar,
  destroyCalendar,
  Interaction,
  ResourceTimeGrid,
  TimeGrid,
} from '@event-calendar/core';
import { useLingui } from '@lingui/react/macro';
import '@event-calendar/core/index.css';
import {
  type KeyboardEvent,
  type MouseEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import type { Agenda, Column, Status } from '../../api/journal';
import { asDate, clockAt, clockOf, dayOf, daysLater, later, minutesBetween, type Wall } from '../../kit/wall';
import { formatter, writing } from '../../text';
import './calendar.css';
import { draw, type Face } from './face';
import { busyOn, frame, load, off, type Placed } from './parts';
import { atOnce, useStatusWords } from './status';
import { type Chip, WeekTable } from './week-table';

export interface Moved {
  from: Wall;
  to: Wall;
  staff: string;
}

export interface Begun {
  from: Wall;
  to?: Wall;
  staff?: string;
}

interface Props {
  agenda: Agenda;
  columns: Column[];
  /** The first day that is shown. */
  day: string;
  /** The day after the last one. */
  after: string;
  shown: Placed[];
  now: Wall;
  mayCreate: boolean;
  mayAssign: boolean;
  mayChange: (placed: Placed) => boolean;
  nameOf: (placed: Placed) => string;
  onOpen: (id: string, box: DOMRect) => void;
  /** False when it was refused, so that it springs back. */
  onMove: (placed: Placed, to: Moved) => Promise<boolean>;
  onMark: (placed: Placed, status: Status) => void;
  onDrop: (placed: Placed) => void;
  onBegin: (begun: Begun) => void;
  onDay: (day: string, staff?: string) => void;
  onSay: (text: string) => void;
}

type Kind = 'resourceTimeGridDay' | 'timeGridWeek' | 'weekTable';

const step = 15;

/** A stretch of time that a key has moved and the server has not yet heard of. */
interface Pending {
  id: string;
  to: Moved;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * The calendar: a column per person by day, days of one person by week, and a
 * row per person by week when there are several (WeekTable). Times are those of the clock on
 * the wall, which it takes for those of the browser.
 */
export default function Calendar(props: Props) {
  const { t } = useLingui();
  const words = useStatusWords();
  const root = useRef<HTMLDivElement>(null);
  const calendar = useRef<Calendar_ | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const wordsNow = useRef(words);
  wordsNow.current = words;
  const [size, setSize] = useState({ width: 1200, height: 780 });
  const focused = useRef<string | null>(null);
  const dragged = useRef(0);
  const pending = useRef<Pending | null>(null);
  const [nudged, setNudged] = useState<Pending | null>(null); // as the week shows it
  const { agenda, columns, day, after, shown, now } = props;

  const week = daysLater(day, 1) !== after;
  const kind: Kind = !week ? 'resourceTimeGridDay' : columns.length === 1 ? 'timeGridWeek' : 'weekTable';
  const chips = kind === 'weekTable';

  const hours = frame(agenda, shown, dayOf(now) >= day && dayOf(now) < after ? now : undefined);

  const title = (one: Placed) => latest.current.nameOf(one);

  function label(one: Placed) {
    const who = columns.find((each) => each.id === one.staff)?.name ?? '';
    const time = `${clockOf(one.from)}–${clockOf(one.to)}`;
    const status = one.visit.status ? words[one.visit.status] : '';
    const date = formatter(Intl.DateTimeFormat, {
      timeZone: 'UTC',
      weekday: 'long',
      day: 'numeric',
      month: 'long',
    }).format(asDate(dayOf(one.from)));
    return [time, title(one), one.visit.title, status, who, week ? date : ''].filter(Boolean).join(', ');
  }

  function face(one: Placed): Face {
    const may = latest.current.mayChange(one);
    return {
      id: one.visit.id,
      label: label(one),
      status: one.visit.status ?? 'waiting',
      time: chips ? clockOf(one.from) : `${clockOf(one.from)}–${clockOf(one.to)}`,
      who: title(one),
      what: chips ? '' : one.visit.title,
      repeats: !!one.visit.series,
      noted: !!one.visit.note,
      quick:
        may && !chips
          ? atOnce
              .filter((status) => status !== one.visit.status)
              .map((status) => [status, wordsNow.current[status]])
          : [],
      movable: may,
      marked: !chips,
    };
  }

  function events() {
    const all: Calendar_.EventInput[] = shown.map((one) => ({
      id: one.visit.id,
      start: one.from,
      end: one.to > one.from ? one.to : later(one.from, step),
      resourceIds: [one.staff],
      title: '',
      editable: props.mayChange(one),
      durationEditable: props.mayChange(one),
      extendedProps: {
        from: one.from,
        label: label(one),
        name: title(one),
        status: one.visit.status,
        version: one.visit.version,
      },
      classNames: one.from < now && one.to <= now ? ['past'] : [],
    }));
    const spans = [
      ...off(agenda, columns, day, after).map((span) => ({ ...span, kind: 'off' })),
      ...busyOn(agenda).map((span) => ({ ...span, kind: 'busy' })),
    ];
    spans.forEach((span, index) => {
      if (!columns.some((each) => each.id === span.staff)) return;
      all.push({
        id: `${span.kind} ${index}`,
        start: span.from,
        end: span.to,
        resourceIds: [span.staff],
        display: 'background',
        classNames: [span.kind],
        title: span.kind === 'busy' ? t`Busy` : '',
      });
    });
    return all;
  }

  const resources = columns.map((each) => ({ id: each.id, title: each.name }));

  function options(): Calendar_.Options {
    const [from, to] = hours;
    const language = writing();
    const dayHead = new Intl.DateTimeFormat(language, { timeZone: 'UTC', weekday: 'short', day: 'numeric' });
    return {
      view: kind,
      date: day,
      firstDay: 1,
      timeZone: offset(now), // so that its line of now is that of the firm
      locale: language,
      headerToolbar: { start: '', center: '', end: '' },
      height: '100%',
      allDaySlot: false,
      slotDuration: '00:30',
      snapDuration: '00:15',
      slotMinTime: `${from}:00`,
      slotMaxTime: `${to}:00`,
      slotHeight: Math.max(
        25,
        Math.min(44, Math.floor((size.height - (week ? 34 : 66)) / ((to - from) * 2))),
      ),
      slotLabelInterval: '01:00',
      slotLabelFormat: (time: Date) => clockAt(time.getHours() * 60 + time.getMinutes()),
      dayHeaderFormat: (time: Date) => dayHead.format(utcOf(time)),
      nowIndicator: true,
      selectable: props.mayCreate,
      selectMinDistance: 6,
      dateClick: (info) => {
        if (!latest.current.mayCreate)
          return latest.current.onDay(info.dateStr.slice(0, 10), info.resource?.id);
        const wall = info.dateStr.slice(0, 16);
        latest.current.onBegin({
          from: floored(wall),
          staff: info.resource?.id ?? latest.current.columns[0]?.id,
        });
      },
      select: (info) => {
        calendar.current?.unselect();
        latest.current.onBegin({
          from: info.startStr.slice(0, 16),
          to: info.endStr.slice(0, 16),
          staff: info.resource?.id ?? latest.current.columns[0]?.id,
        });
      },
      pointer: props.mayCreate,
      eventStartEditable: true,
      dragScroll: true,
      longPressDelay: 350,
      eventOrder: (a, b) =>
        String(a.extendedProps.from ?? '') < String(b.extendedProps.from ?? '') ? -1 : 1,
      slotEventOverlap: false,
      eventDragStart: () => {
        dragged.current = Date.now();
      },
      eventResizeStart: () => {
        dragged.current = Date.now();
      },
      eventDragStop: () => {
        dragged.current = Date.now();
      },
      eventResizeStop: () => {
        dragged.current = Date.now();
      },
      eventDrop: (info) => {
        const one = find(String(info.event.id));
        if (!one) return info.revert();
        const minutes = info.delta.days * 1440 + Math.round(info.delta.seconds / 60);
        const staff = info.newResource?.id ?? one.staff;
        if (staff !== one.staff && !latest.current.mayAssign) {
          info.revert();
          return latest.current.onSay(t`You may not give appointments to others.`);
        }
        void go(one, { from: later(one.from, minutes), to: later(one.to, minutes), staff });
      },
      eventResize: (info) => {
        const one = find(String(info.event.id));
        if (!one) return info.revert();
        const minutes = info.endDelta.days * 1440 + Math.round(info.endDelta.seconds / 60);
        void go(one, { from: one.from, to: later(one.to, minutes), staff: one.staff });
      },
      eventContent: (info) => {
        const one = find(String(info.event.id));
        if (info.event.display === 'background') {
          if (!info.event.classNames.includes('busy')) return '';
          const word = document.createElement('span');
          word.className = 'busy-word';
          word.textContent = t`Busy`;
          return { domNodes: [word] };
        }
        if (!one || info.event.display === 'preview' || info.event.display === 'ghost') {
          // What follows the mouse: when it would be.
          const ghost = document.createElement('div');
          ghost.className = 'visit';
          ghost.dataset.status = one?.visit.status ?? 'new';
          ghost.textContent = info.timeText;
          if (one) {
            const line = document.createElement('div');
            line.className = 'visit-who';
            line.textContent = title(one);
            ghost.append(line);
          }
          return { domNodes: [ghost] };
        }
        return { domNodes: [draw(face(one))] };
      },
      resourceLabelContent: (info) => {
        const column = latest.current.columns.find((each) => each.id === info.resource.id);
        const box = document.createElement('div');
        box.className = 'person';
        const name = document.createElement('span');
        name.className = 'person-name';
        name.textContent = column?.name ?? '';
        box.append(name);
        const { works, taken, count } = load(agenda, shown, info.resource.id, day);
        const under = document.createElement('span');
        under.className = 'person-under';
        under.textContent = works
          ? [column?.position, String(count)].filter(Boolean).join(' · ')
          : [column?.position, t`day off`].filter(Boolean).join(' · ');
        box.append(under);
        const bar = document.createElement('span');
        bar.className = 'person-load';
        const full = document.createElement('span');
        full.style.width = `${works ? Math.min(100, (taken / works) * 100) : 0}%`;
        bar.append(full);
        box.append(bar);
        return { domNodes: [box] };
      },
      resources,
      events: events(),
    };
  }

  const find = (id: string) => latest.current.shown.find((each) => each.visit.id === id);

  async function go(one: Placed, to: Moved) {
    const done = await latest.current.onMove(one, to);
    if (!done) latest.current.onSay(t`It stays as it was`);
  }

  // The calendar is made once; what changes is told to it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is made once for each kind of view
  useLayoutEffect(() => {
    const place = root.current;
    if (!place || chips) return;
    const made = createCalendar(place, [TimeGrid, ResourceTimeGrid, Interaction], options());
    calendar.current = made;
    // Its roles promise a table that it is not; what is in it speaks for itself.
    const quiet = () => {
      for (const each of place.querySelectorAll('[role]:not([data-visit])')) each.removeAttribute('role');
      for (const each of place.querySelectorAll('[aria-label]:not([data-visit]):not(button)'))
        each.removeAttribute('aria-label');
      for (const each of place.querySelectorAll('[aria-colindex],[aria-rowindex]')) {
        each.removeAttribute('aria-colindex');
        each.removeAttribute('aria-rowindex');
      }
    };
    quiet();
    const watch = new MutationObserver(() => {
      quiet();
      refocus();
    });
    watch.observe(place, { childList: true, subtree: true });
    return () => {
      watch.disconnect();
      calendar.current = null;
      void destroyCalendar(made);
    };
  }, [kind]);

  // A day fits the screen where it can; chips stand as they are.
  useLayoutEffect(() => {
    const place = root.current;
    if (!place || chips) return;
    const measure = () =>
      setSize((was) =>
        was.width === place.clientWidth && was.height === place.clientHeight
          ? was
          : { width: place.clientWidth, height: place.clientHeight },
      );
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(place);
    return () => watch.disconnect();
  }, [chips]);

  const refocus = useCallback(() => {
    const id = focused.current;
    if (!id || (document.activeElement && document.activeElement !== document.body)) return;
    root.current?.querySelector<HTMLElement>(`[data-visit="${id}"]`)?.focus({ preventScroll: true });
  }, []);

  useEffect(() => {
    const now = calendar.current;
    if (!now) return;
    for (const [name, value] of Object.entries(options())) {
      if (name === 'view') continue;
      now.setOption(name as keyof Calendar_.Options, value as never);
    }
  });

  // A day that is longer than the screen begins where it is now.
  useEffect(() => {
    const body = root.current?.querySelector<HTMLElement>('.ec-main');
    if (!body || chips || body.dataset.scrolled || dayOf(now) < day || dayOf(now) >= after) return;
    const [from, to] = hours;
    const part = (minutesBetween(`${dayOf(now)}T00:00`, now) - from * 60) / ((to - from) * 60);
    if (part < 0 || part > 1 || shown.length === 0) return;
    body.dataset.scrolled = 'yes';
    body.scrollTop = Math.max(0, part * body.scrollHeight - body.clientHeight / 2);
  });

  function commit() {
    const waiting = pending.current;
    if (!waiting) return;
    clearTimeout(waiting.timer);
    pending.current = null;
    const one = find(waiting.id);
    if (one) void go(one, waiting.to).then(() => setNudged((was) => (was === waiting ? null : was)));
    else setNudged(null);
  }

  function forget() {
    const waiting = pending.current;
    if (!waiting) return;
    clearTimeout(waiting.timer);
    pending.current = null;
    calendar.current?.setOption('events', events());
    setNudged(null);
    latest.current.onSay(t`It stays as it was`);
  }

  /** Shows where a key has brought it; the server hears of it when the keys rest. */
  function nudge(one: Placed, to: Moved) {
    if (pending.current) clearTimeout(pending.current.timer);
    pending.current = { id: one.visit.id, to, timer: setTimeout(commit, 700) };
    if (chips) setNudged(pending.current);
    calendar.current?.updateEvent({
      id: one.visit.id,
      start: to.from,
      end: to.to,
      resourceIds: [to.staff],
      extendedProps: { label: label({ ...one, ...to }) },
    });
    const who = columns.find((each) => each.id === to.staff)?.name ?? '';
    latest.current.onSay(`${clockOf(to.from)}–${clockOf(to.to)}, ${who}`);
  }

  function onKey(event: KeyboardEvent) {
    const box = (event.target as HTMLElement).closest<HTMLElement>('[data-visit]');
    const one = box && find(box.dataset.visit ?? '');
    if (!box || !one || event.ctrlKey || event.metaKey || event.altKey) return;
    const at =
      pending.current?.id === one.visit.id
        ? pending.current.to
        : { from: one.from, to: one.to, staff: one.staff };
    const may = latest.current.mayChange(one);
    const stop = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (event.key === 'Enter' || event.key === ' ') {
      stop();
      if (pending.current) return commit();
      return latest.current.onOpen(one.visit.id, box.getBoundingClientRect());
    }
    if (event.key === 'Escape' && pending.current) {
      stop();
      return forget();
    }
    if (!may) return;
    const number = Number(event.key);
    const status = atOnce[number - 1];
    if (status) {
      stop();
      return latest.current.onMark(one, status);
    }
    if (event.key === 'Delete' && one.visit.can?.delete) {
      stop();
      return latest.current.onDrop(one);
    }
    const down = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const aside = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!down && !aside) return;
    stop();
    if (down && event.shiftKey) {
      const to = later(at.to, down * step);
      if (to > at.from) nudge(one, { ...at, to });
    } else if (down && !chips) {
      nudge(one, { ...at, from: later(at.from, down * step), to: later(at.to, down * step) });
    } else if (down || (aside && !week)) {
      if (!latest.current.mayAssign) return latest.current.onSay(t`You may not give appointments to others.`);
      const place = columns.findIndex((each) => each.id === at.staff) + (down || aside);
      const next = columns[place];
      if (next) nudge(one, { ...at, staff: next.id });
    } else {
      nudge(one, { ...at, from: later(at.from, aside * 1440), to: later(at.to, aside * 1440) });
    }
  }

  function onClick(event: MouseEvent) {
    const target = event.target as HTMLElement;
    const box = target.closest<HTMLElement>('[data-visit]');
    const one = box && find(box.dataset.visit ?? '');
    if (!box || !one || Date.now() - dragged.current < 250) return;
    const button = target.closest<HTMLElement>('[data-to]');
    if (button) return latest.current.onMark(one, button.dataset.to as Status);
    latest.current.onOpen(one.visit.id, box.getBoundingClientRect());
  }

  function chip(one: Placed): Chip {
    const at = nudged?.id === one.visit.id ? { ...one, ...nudged.to } : one;
    return { ...face(at), staff: at.staff, day: dayOf(at.from), past: at.from < now && at.to <= now };
  }

  function put(id: string, staff: string, to: string) {
    const one = find(id);
    if (!one || (staff === one.staff && to === dayOf(one.from))) return;
    if (staff !== one.staff && !latest.current.mayAssign)
      return latest.current.onSay(t`You may not give appointments to others.`);
    const minutes = minutesBetween(`${dayOf(one.from)}T00:00`, `${to}T00:00`);
    void go(one, { from: later(one.from, minutes), to: later(one.to, minutes), staff });
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the appointments inside are reached by keys
    <div
      ref={root}
      className="journal-calendar"
      data-kind={kind}
      onClick={onClick}
      onKeyDown={onKey}
      onFocus={(event) => {
        const id = (event.target as HTMLElement).closest<HTMLElement>('[data-visit]')?.dataset.visit;
        if (id) focused.current = id;
      }}
      onBlur={(event) => {
        if (event.relatedTarget) focused.current = null;
      }}
    >
      {chips && (
        <WeekTable
          columns={columns}
          day={day}
          today={dayOf(now)}
          chips={shown.map(chip).sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))}
          off={
            new Set(
              off(agenda, columns, day, after)
                .filter((span) => minutesBetween(span.from, span.to) === 1440)
                .map((span) => `${span.staff} ${dayOf(span.from)}`),
            )
          }
          onDay={props.onDay}
          onPut={put}
          onDrawn={refocus}
        />
      )}
    </div>
  );
}

/** A date of the calendar, whose parts stand in the browser's zone, for a formatter of UTC. */
const utcOf = (local: Date) =>
  new Date(
    Date.UTC(local.getFullYear(), local.getMonth(), local.getDate(), local.getHours(), local.getMinutes()),
  );

/** How far the clock of the firm is from UTC now, as the calendar reads it. */
function offset(now: Wall) {
  const minutes = Math.round((asDate(now).getTime() - Date.now()) / (15 * 60_000)) * 15;
  return `${minutes < 0 ? '-' : '+'}${clockAt(Math.abs(minutes))}`;
}

const floored = (wall: Wall): Wall =>
  later(dayOf(wall), Math.floor(minutesBetween(`${dayOf(wall)}T00:00`, wall) / step) * step);
