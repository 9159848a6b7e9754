import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Checkbox, Group, Popover, SegmentedControl, Skeleton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import {
  IconCalendar,
  IconCalendarOff,
  IconChevronLeft,
  IconChevronRight,
  IconPlus,
  IconUsers,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { agenda as ask, staff as everyone, type Status } from '../../api/journal';
import { kinds } from '../../api/kinds';
import { holds, useMe } from '../../api/session';
import { Avatar } from '../../kit/avatar';
import { Empty } from '../../kit/empty';
import { Failure } from '../../kit/failure';
import { whenIdle } from '../../kit/idle';
import { later, part } from '../../kit/later';
import { PageTitle } from '../../kit/page';
import { asDate, clockOf, dayOf, daysLater, momentOf, mondayOf, wallOf } from '../../kit/wall';
import { writing } from '../../text';
import type { JournalSearch } from './address';
import type { Begin } from './booking';
import type { Moved } from './calendar';
import { DayList } from './day-list';
import classes from './journal.module.css';
import { type Placed, placed } from './parts';
import { useStatusWords } from './status';
import { useJournal } from './use-journal';

// The calendar comes with the journal of a desk; a phone never fetches it.
const Calendar = part(later(() => import('./calendar')));
const MonthGrid = part(later(() => import('../../kit/calendar')));
const VisitCard = part(later(() => import('./visit-card')));
const Booking = part(later(() => import('./booking')));
const Closed = part(later(() => import('../../kit/closed')));

/** Fetches the code of the calendar, so that it is drawn with the page. */
export const ahead = () => Calendar.ahead();

const route = getRouteApi('/in/journal');

/** The appointments of a day or a week, and all that is done with them. */
export function JournalPage() {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const words = useStatusWords();
  const journal = useJournal();
  const search = route.useSearch();
  const phone = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false });
  const zone = me.workspace.time_zone;
  const [now, setNow] = useState(() => wallOf(new Date(), zone));
  const [picking, setPicking] = useState(false);
  const [open, setOpen] = useState<{ id: string; box: DOMRect } | null>(null);
  const [booking, setBooking] = useState<Begin | null>(null);
  const [said, setSaid] = useState('');

  useEffect(() => {
    const timer = setInterval(() => setNow(wallOf(new Date(), zone)), 30_000);
    return () => clearInterval(timer);
  }, [zone]);

  const today = dayOf(now);
  const { at, week, first, after } = shownBy(search, today, phone);
  const { data: all = [], isSuccess: met } = useQuery(kinds);
  const visits = all.find((each) => each.name === 'appointment');
  const { data: known = [] } = useQuery(everyone);
  const { data, error, refetch } = useQuery(ask(first, after, search.staff ?? ''));

  // The days beside are there before they are asked for, and never before those that are.
  useEffect(() => {
    if (!data) return;
    const length = week ? 7 : 1;
    return whenIdle(() => {
      for (const away of [-length, length]) {
        void client.prefetchQuery(ask(daysLater(first, away), daysLater(after, away), search.staff ?? ''));
      }
    });
  }, [client, data, first, after, search.staff, week]);

  const readOnly = !!me.view_as;
  const may = (action: 'create' | 'edit') => !readOnly && (visits?.actions[action] ?? 'denied') !== 'denied';
  const mayCreate = may('create');
  const sees = (visits?.actions.view ?? 'denied') !== 'denied';
  const mayAssign = !readOnly && (visits?.actions.edit === 'all' || holds(me, 'records.assign'));
  const mayChange = useCallback((one: Placed) => !readOnly && !!one.visit.can?.edit, [readOnly]);
  const columns = data?.staff ?? [];
  const shown = useMemo(
    () => (data?.items ?? []).map((each) => placed(each, data?.time_zone ?? zone)),
    [data, zone],
  );
  const clients = useMemo(() => new Map((data?.clients ?? []).map((each) => [each.id, each])), [data]);
  const nameOf = useCallback(
    (one: Placed) => {
      const seen = one.visit.contact ? clients.get(one.visit.contact.id) : undefined;
      return String(seen?.name ?? one.visit.contact?.title ?? one.visit.title);
    },
    [clients],
  );

  const put = useCallback(
    (next: Partial<JournalSearch>) => {
      const to = { ...search, ...next };
      // Asked for at once: the page is drawn anew while the answer is on its way.
      const { first, after } = shownBy(to, today, phone);
      void client.prefetchQuery(ask(first, after, to.staff ?? ''));
      void navigate({
        to: '/journal',
        search: Object.fromEntries(Object.entries(to).filter(([, value]) => value)) as JournalSearch,
      });
    },
    [client, navigate, phone, search, today],
  );
  const go = useCallback((day: string) => put({ day: day === today ? '' : day }), [put, today]);
  const length = week ? 7 : 1;

  const begin = useCallback((from: Begin) => setBooking(from), []);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('[role="dialog"],[role="menu"]'))
        return;
      if (event.key === 'n' && mayCreate) {
        event.preventDefault();
        begin({ day: at });
      }
      if (event.key === 't') go(today);
      if (event.key === 'd') put({ view: '' });
      if (event.key === 'w') put({ view: 'week' });
      if (event.key === '[' || event.key === 'PageUp') go(daysLater(at, -length));
      if (event.key === ']' || event.key === 'PageDown') go(daysLater(at, length));
    }
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [at, begin, go, length, mayCreate, put, today]);

  // From a client's card, or by a command: the window is open, once.
  useEffect(() => {
    if ((!search.client && !search.new) || !mayCreate) return;
    setBooking({ day: at, ...(search.client ? { client: search.client } : {}) });
    put({ client: '', new: '' });
  }, [search.client, search.new, mayCreate, at, put]);

  async function onMove(one: Placed, to: Moved) {
    const name = columns.find((each) => each.id === to.staff)?.name;
    const time = `${clockOf(to.from)}–${clockOf(to.to)}`;
    const who = nameOf(one);
    const date = new Intl.DateTimeFormat(writing(), {
      timeZone: 'UTC',
      weekday: 'short',
      day: 'numeric',
      month: 'short',
    }).format(asDate(dayOf(to.from)));
    const told =
      dayOf(to.from) !== dayOf(one.from)
        ? t`${who}: now on ${date}, ${time}.`
        : to.staff !== one.staff
          ? t`${who}: now with ${name ?? ''}, ${time}.`
          : t`${who}: now ${time}.`;
    return journal.move(
      one.visit,
      { starts_at: momentOf(to.from, zone), ends_at: momentOf(to.to, zone), responsible: to.staff },
      name,
      told,
    );
  }

  function onMark(one: Placed, status: Status) {
    const who = nameOf(one);
    void journal.mark(one.visit, status, `${who}: ${words[status]}.`);
    setSaid(`${who}: ${words[status]}`);
  }

  function onDrop(one: Placed, whole = false) {
    setOpen(null);
    void journal.drop(
      one.visit,
      whole,
      whole ? t`The appointments are in the bin.` : t`The appointment is in the bin.`,
    );
  }

  const current = open && shown.find((each) => each.visit.id === open.id);
  const onClose = useCallback(() => setOpen(null), []);
  const chosen = (search.staff ?? '').split(',').filter(Boolean);
  const title = new Intl.DateTimeFormat(
    writing(),
    week
      ? { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }
      : {
          timeZone: 'UTC',
          weekday: phone ? 'short' : 'long',
          day: 'numeric',
          month: phone ? 'short' : 'long',
          ...(at.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' }),
        },
  );
  const heading = week
    ? title.formatRange(asDate(first), asDate(daysLater(after, -1)))
    : title.format(asDate(at));
  // As many as the figures of today count: who did not come had an appointment.
  const count = shown.filter((each) => each.visit.status !== 'cancelled').length;

  if (met && !sees && visits?.actions.create !== 'all' && !(data?.items ?? []).length) {
    return (
      <Suspense>
        <Closed what={t`Journal`} />
      </Suspense>
    );
  }
  return (
    <div className={classes.page}>
      <PageTitle title={t`Journal`} />
      <div className={classes.bar}>
        <Button variant="default" onClick={() => go(today)} disabled={at === today}>
          <Trans>Today</Trans>
        </Button>
        <Group gap={0} wrap="nowrap">
          <ActionIcon
            size={30}
            aria-label={week ? t`The week before` : t`The day before`}
            onClick={() => go(daysLater(at, -length))}
          >
            <IconChevronLeft size={18} />
          </ActionIcon>
          <ActionIcon
            size={30}
            aria-label={week ? t`The week after` : t`The day after`}
            onClick={() => go(daysLater(at, length))}
          >
            <IconChevronRight size={18} />
          </ActionIcon>
        </Group>
        <Popover opened={picking} onChange={setPicking} position="bottom-start" trapFocus>
          <Popover.Target>
            <button
              type="button"
              className={classes.date}
              aria-haspopup="dialog"
              aria-expanded={picking}
              onClick={() => setPicking(!picking)}
            >
              {heading}
              <IconCalendar size={15} aria-hidden />
            </button>
          </Popover.Target>
          <Popover.Dropdown>
            <Suspense fallback={<div style={{ width: 252, height: 274 }} />}>
              <MonthGrid
                value={at}
                onChange={(day) => {
                  setPicking(false);
                  if (day) go(day);
                }}
              />
            </Suspense>
          </Popover.Dropdown>
        </Popover>
        {data && !phone && (
          <span className={classes.count}>
            <Plural value={count} one="# appointment" other="# appointments" />
          </span>
        )}
        <div className={classes.gap} />
        {known.length > 1 && (columns.length > 1 || chosen.length > 0) && (
          <StaffChoice
            known={known.map((each) => each.person)}
            chosen={chosen}
            put={(ids) => put({ staff: ids.join(',') })}
          />
        )}
        {!phone && (
          <SegmentedControl
            size="xs"
            aria-label={t`How much is shown`}
            value={week ? 'week' : 'day'}
            onChange={(next) => put({ view: next === 'week' ? 'week' : '' })}
            data={[
              { value: 'day', label: t`Day` },
              { value: 'week', label: t`Week` },
            ]}
          />
        )}
        {mayCreate && (
          <Button
            leftSection={<IconPlus size={15} />}
            onClick={() => begin({ day: at })}
            className={classes.book}
          >
            <Trans>Book</Trans>
          </Button>
        )}
      </div>
      <div className="unseen" aria-live="polite">
        {said}
      </div>
      {error ? (
        <Failure failure={error} retry={refetch} />
      ) : !data ? (
        <Bones columns={Math.max(1, week ? 7 : known.length || 4)} />
      ) : columns.length === 0 ? (
        <Empty
          icon={<IconCalendarOff size={24} />}
          title={t`Nobody takes appointments yet`}
          action={
            holds(me, 'schedule.manage') && (
              <Button component={Link} to="/settings/staff">
                <Trans>Say who works when</Trans>
              </Button>
            )
          }
        >
          <Trans>Each person who takes appointments has a column here, with their working hours.</Trans>
        </Empty>
      ) : phone ? (
        <DayList
          agenda={data}
          columns={columns}
          shown={shown}
          day={at}
          now={now}
          nameOf={nameOf}
          mayChange={mayChange}
          onDay={go}
          onOpen={(id, box) => setOpen({ id, box })}
          onMark={onMark}
          {...(mayCreate ? { onBegin: (from, staff) => begin({ day: at, from, staff }) } : {})}
        />
      ) : (
        <Suspense fallback={<Bones columns={week ? 7 : columns.length} />}>
          <Calendar
            agenda={data}
            columns={columns}
            day={first}
            after={after}
            shown={shown}
            now={now}
            mayCreate={mayCreate}
            mayAssign={mayAssign}
            mayChange={mayChange}
            nameOf={nameOf}
            onOpen={(id, box) => setOpen({ id, box })}
            onMove={onMove}
            onMark={onMark}
            onDrop={onDrop}
            onBegin={({ from, to, staff }) => begin({ day: dayOf(from), from, to, staff })}
            onDay={(day) => put({ day: day === today ? '' : day, view: '' })}
            onSay={setSaid}
          />
        </Suspense>
      )}
      {current && open && (
        <Suspense>
          <VisitCard
            key={current.visit.id}
            placed={current}
            box={open.box}
            client={current.visit.contact ? clients.get(current.visit.contact.id) : undefined}
            columns={columns}
            mayChange={mayChange(current)}
            mayAssign={mayAssign}
            onClose={onClose}
            onMark={(status) => {
              onMark(current, status);
              setOpen(null);
            }}
            onMove={(to) => {
              setOpen(null);
              void onMove(current, to);
            }}
            onDrop={(whole) => onDrop(current, whole)}
            onEdit={() => {
              setOpen(null);
              begin({ day: dayOf(current.from), visit: current.visit });
            }}
          />
        </Suspense>
      )}
      {booking && (
        <Suspense>
          <Booking
            begin={booking}
            mayAssign={mayAssign}
            onClose={() => setBooking(null)}
            onDone={(day) => {
              setBooking(null);
              if (day && (day < first || day >= after)) go(day);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

/** Which days an address shows: the one it names, or the week around it. */
function shownBy(search: JournalSearch, today: string, phone: boolean) {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(search.day ?? '') ? (search.day as string) : today;
  const week = !phone && search.view === 'week';
  const first = week ? mondayOf(at) : at;
  return { at, week, first, after: daysLater(first, week ? 7 : 1) };
}

/** Whose columns are shown; nobody ticked is everybody. */
function StaffChoice({
  known,
  chosen,
  put,
}: {
  known: { id: string; name: string }[];
  chosen: string[];
  put: (ids: string[]) => void;
}) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const names = known.filter((each) => chosen.includes(each.id)).map((each) => each.name);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={250} trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconUsers size={15} />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {names.length === 0 ? (
            t`Everybody`
          ) : names.length === 1 ? (
            names[0]
          ) : (
            <Plural value={names.length} one="# person" other="# people" />
          )}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6} aria-label={t`Whose appointments`}>
        <button
          type="button"
          className={classes.choice}
          aria-pressed={chosen.length === 0}
          onClick={() => put([])}
        >
          <Trans>Everybody</Trans>
        </button>
        {known.map((each) => (
          <div key={each.id} className={classes.choiceRow}>
            <Checkbox
              size="xs"
              aria-label={t`Show beside others: ${each.name}`}
              checked={chosen.includes(each.id)}
              onChange={(event) =>
                put(
                  event.currentTarget.checked ? [...chosen, each.id] : chosen.filter((id) => id !== each.id),
                )
              }
            />
            <button
              type="button"
              className={classes.choice}
              title={t`Only this person`}
              onClick={() => {
                put([each.id]);
                setOpen(false);
              }}
            >
              <Avatar name={each.name} size={20} />
              {each.name}
            </button>
          </div>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function Bones({ columns }: { columns: number }) {
  return (
    <div className={classes.bones} aria-busy style={{ ['--columns' as string]: columns }}>
      {Array.from({ length: columns }, (_, column) => (
        <div key={column} className={classes.bonesColumn}>
          <Skeleton height={16} width="60%" mb={20} />
          {[64, 40, 90, 52].map((height, index) => (
            <Skeleton key={height} height={height} mt={index * 9 + column * 4} radius="sm" />
          ))}
        </div>
      ))}
    </div>
  );
}
