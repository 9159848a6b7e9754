import { Trans, useLingui } from '@lingui/react/macro';
import {
  Alert,
  Button,
  Drawer,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Problem } from '../../api/http';
import {
  services as allServices,
  changeSeries,
  clientToBook,
  createSeries,
  staff as everyone,
  firstOfSeries,
  type Service,
  slots,
  type Visit,
} from '../../api/journal';
import { kinds } from '../../api/kinds';
import { change, create, remove, undo, type Values } from '../../api/records';
import { useMe } from '../../api/session';
import { type Once, useAttempt } from '../../kit/attempt';
import { useSentence } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { moneyText } from '../../kit/field-value';
import { useFormDraft } from '../../kit/form-draft';
import { Left } from '../../kit/left';
import {
  asDate,
  clockAt,
  clockOf,
  dayOf,
  daysLater,
  later,
  minuteOf,
  minutesBetween,
  momentOf,
  type Wall,
  wallOf,
} from '../../kit/wall';
import { writing } from '../../text';
import classes from './booking.module.css';
import { ClientChoice, type ClientDraft } from './client-choice';
import { noRepeat, RepeatChoice, type RepeatDraft, repeatOf } from './repeat-choice';
import { Slots } from './slots';
import { useJournal } from './use-journal';

/** With what the window begins. */
export interface Begin {
  day: string;
  from?: Wall | undefined;
  to?: Wall | undefined;
  staff?: string | undefined;
  /** A client by id. */
  client?: string | undefined;
  /** An appointment that is changed. */
  visit?: Visit | undefined;
}

interface Draft {
  client: ClientDraft | null;
  service: string | null;
  staff: string | null;
  day: string;
  clock: string;
  minutes: number;
  /** Whether somebody typed it: then a service does not change it. */
  ownMinutes: boolean;
  price: string;
  ownPrice: boolean;
  note: string;
  repeat: RepeatDraft;
}

type Reach = 'one' | 'later' | 'all';

/**
 * Where a window keeps what is typed: one for each client for whom one is
 * opened, and one for those opened in the journal. A change belongs to the
 * version of the appointment that was looked at.
 */
function placeOf({ visit, client }: Begin): string {
  const of = visit ? [visit.id, visit.version] : client ? [client] : [];
  return ['castellan.draft.booking', ...of].join('.');
}

function beginning(begin: Begin, zone: string, before: Partial<Draft> = {}): Draft {
  const { visit } = begin;
  if (visit) {
    const from = wallOf(visit.starts_at, zone);
    return {
      client: visit.contact ? { id: visit.contact.id, name: visit.contact.title } : null,
      service: visit.service?.id ?? null,
      staff: visit.responsible?.id ?? null,
      day: dayOf(from),
      clock: clockOf(from),
      minutes: minutesBetween(from, wallOf(visit.ends_at, zone)),
      ownMinutes: false,
      price: visit.price ?? '',
      ownPrice: false,
      note: visit.note ?? '',
      repeat: noRepeat,
      ...before,
    };
  }
  // Another client was chosen in the window: what was typed then is not said of this one.
  const left = begin.client && before.client?.id !== begin.client ? {} : before;
  return {
    client: null,
    service: null,
    minutes: 60,
    ownMinutes: false,
    price: '',
    ownPrice: false,
    note: '',
    repeat: noRepeat,
    ...left,
    // Where somebody clicked is what they mean now.
    staff: begin.staff ?? left.staff ?? null,
    day: begin.from ? dayOf(begin.from) : begin.day,
    clock: begin.from ? clockOf(begin.from) : (left.clock ?? ''),
    ...(begin.from && begin.to ? { minutes: minutesBetween(begin.from, begin.to), ownMinutes: true } : {}),
    ...(begin.client && left.client?.id !== begin.client ? { client: { id: begin.client, name: '' } } : {}),
  };
}

/** The booking window: a client, a service, a person, a time; and again, if it repeats. */
export default function Booking({
  begin,
  mayAssign,
  onClose,
  onDone,
}: {
  begin: Begin;
  mayAssign: boolean;
  onClose: () => void;
  onDone: (day?: string) => void;
}) {
  const { t } = useLingui();
  const me = useMe();
  const sentence = useSentence();
  const cache = useQueryClient();
  const journal = useJournal();
  const zone = me.workspace.time_zone;
  const { visit } = begin;
  const place = placeOf(begin);
  const {
    draft,
    left,
    set,
    forget,
    clear: clearDraft,
  } = useFormDraft<Draft>(place, (before) => beginning(begin, zone, before));
  const [reach, setReach] = useState<Reach>('one');
  const [missing, setMissing] = useState<string[]>([]);
  const { busy, failure, clear: clearAttempt, attempt } = useAttempt(place);
  const { data: all = [] } = useQuery(kinds);
  const { data: offered } = useQuery(allServices);
  const { data: staff = [] } = useQuery(everyone);

  // Only an id came from the card; the name is as this window may show it.
  const unnamed = draft.client?.id && !draft.client.name ? draft.client.id : '';
  const { data: named } = useQuery({ ...clientToBook(unnamed), enabled: unnamed !== '' });
  useEffect(() => {
    if (named && unnamed === named.id) {
      set({ client: { id: named.id, name: String(named.name ?? '') } });
    }
  }, [named, unnamed, set]);

  const people = staff.filter(
    (each) => mayAssign || each.person.id === me.person.id || each.person.id === visit?.responsible?.id,
  );
  const person = draft.staff ?? (people.length === 1 ? (people[0]?.person.id ?? null) : null);
  const service = offered?.find((each) => each.id === draft.service);
  const gives = (id: string) =>
    !draft.service || !staff.find((each) => each.person.id === id)?.except.includes(draft.service);
  const contacts = all.find((each) => each.name === 'contact');
  const mayMake = (contacts?.actions.create ?? 'denied') !== 'denied';
  const visits = all.find((each) => each.name === 'appointment');
  const writable = (name: string) => visits?.fields.find((each) => each.name === name)?.writable !== false;

  const { data: free, isPending } = useQuery({
    ...slots({
      day: draft.day,
      staff: person ?? undefined,
      minutes: Math.max(5, draft.minutes || 60),
      except: visit?.id,
    }),
    enabled: /^\d{4}-\d{2}-\d{2}$/.test(draft.day),
  });
  const now = wallOf(new Date(), zone);
  const times = (free ?? [])
    .map((slot) => ({ staff: slot.staff, at: wallOf(slot.at, zone) }))
    .filter(
      (slot) =>
        slot.at >= now &&
        (person || (people.some((each) => each.person.id === slot.staff) && gives(slot.staff))),
    );

  function choose(id: string | null) {
    const next = offered?.find((each) => each.id === id);
    set({
      service: id,
      ...(next?.duration && !draft.ownMinutes ? { minutes: next.duration } : {}),
      ...(!draft.ownPrice ? { price: next?.price ?? '' } : {}),
    });
  }

  function clear() {
    clearDraft(beginning({ ...begin, from: undefined, to: undefined, staff: undefined }, zone));
    clearAttempt();
  }

  async function clientId(once: Once): Promise<string | null> {
    const chosen = draft.client;
    if (!chosen) return null;
    if (chosen.id) return chosen.id;
    const values: Values = {
      name: chosen.name.trim(),
      ...(chosen.phone?.trim() ? { phones: [{ number: chosen.phone.trim() }] } : {}),
    };
    const made = await create('contacts', values, once(['contacts', values]));
    // Made once, even if the appointment is refused.
    set({ client: { id: made.id, name: String(made.name ?? chosen.name) } });
    void cache.invalidateQueries({ queryKey: ['records', 'contacts'] });
    return made.id;
  }

  async function save(how: { beside?: boolean; skip?: boolean } = {}) {
    const lacks = [
      ...(!draft.client?.name.trim() && !draft.service ? ['client'] : []),
      ...(person ? [] : ['staff']),
      ...(/^\d{4}-\d{2}-\d{2}$/.test(draft.day) ? [] : ['day']),
      ...(/^([01]?\d|2[0-3]):[0-5]\d$/.test(draft.clock) ? [] : ['clock']),
      ...(draft.minutes > 0 ? [] : ['minutes']),
    ];
    setMissing(lacks);
    if (lacks.length) return;
    await attempt(async (once) => {
      const from = `${draft.day}T${clockAt(minuteOf(draft.clock.padStart(5, '0')))}`;
      const contact = await clientId(once);
      const values: Values = {
        contact,
        service: draft.service,
        responsible: person,
        starts_at: momentOf(from, zone),
        ends_at: momentOf(later(from, draft.minutes), zone),
        ...(writable('price') ? { price: draft.price === '' ? null : String(draft.price) } : {}),
        ...(writable('note') ? { note: draft.note.trim() || null } : {}),
        ...(how.beside ? { beside: true } : {}),
      };
      if (visit) await update(visit, values, from);
      else await add(values, how.skip ?? false, once);
      forget();
      await journal.refresh();
      onDone(draft.day);
    });
  }

  async function add(values: Values, skip: boolean, once: Once) {
    const repeat = repeatOf(draft.repeat);
    if (repeat) {
      const made = await createSeries(values, repeat, skip, once(['series', values, repeat, skip]));
      const done = made.done;
      journal.offer(
        made.left
          ? t`Booked: ${done}. Left out because the time is taken: ${made.left}.`
          : t`Booked: ${done}.`,
        () => undo(made.operation),
      );
      return;
    }
    const made = await create('appointments', values, once(['appointments', values]));
    journal.offer(t`Booked.`, () => takeBack(made.id, made.version, made.can?.delete));
  }

  /** Who may not delete an appointment may still say that it will not be. */
  const takeBack = (id: string, version: number, mayDelete: boolean | undefined) =>
    mayDelete ? remove('appointments', id) : change('appointments', id, version, { status: 'cancelled' });

  async function update(was: Visit, values: Values, from: Wall) {
    const before = beginning({ day: '', visit: was }, zone);
    // Only what was changed is said, so that what somebody else changes stays.
    const changed: Values = {};
    const begins = `${before.day}T${before.clock}`;
    if (from !== begins || draft.minutes !== before.minutes) {
      changed.starts_at = values.starts_at;
      changed.ends_at = values.ends_at;
    }
    for (const [name, old] of Object.entries({
      contact: was.contact?.id ?? null,
      service: was.service?.id ?? null,
      responsible: was.responsible?.id ?? null,
      price: was.price ?? null,
      note: was.note ?? null,
    })) {
      if (name in values && values[name] !== old) changed[name] = values[name];
    }
    if (values.beside) changed.beside = true;
    if (Object.keys(changed).length === 0) return;
    if (reach === 'one') {
      const next = await change('appointments', was.id, was.version, changed);
      const back = Object.fromEntries(
        Object.keys(changed).map((name) => {
          const value = was[name];
          return [name, value && typeof value === 'object' ? (value as { id: string }).id : (value ?? null)];
        }),
      );
      journal.offer(t`Changed.`, () => change('appointments', was.id, next.version, back));
      return;
    }
    let target: Visit = was;
    if (reach === 'all' && was.series) {
      const first = await firstOfSeries(was.series);
      if (first && first.id !== was.id) {
        target = first;
        if (changed.starts_at) {
          // All move by as many days, to the same time of day.
          const days = Math.round(minutesBetween(before.day, draft.day) / 1440);
          const start = `${daysLater(dayOf(wallOf(first.starts_at, zone)), days)}T${clockOf(from)}`;
          changed.starts_at = momentOf(start, zone);
          changed.ends_at = momentOf(later(start, draft.minutes), zone);
        }
      }
    }
    const done = await changeSeries(target.id, target.version, changed);
    const many = done.done;
    journal.offer(t`Changed: ${many}.`, () => undo(done.operation));
  }

  const taken = failure instanceof Problem && failure.code === 'time.taken';
  // Of a series each time that is taken is named; of one appointment its field is.
  const ofSeries = taken && failure.parts.some((part) => part.field?.startsWith('occurrences.'));
  const wrong = (name: string, word: string) => (missing.includes(name) ? word : undefined);
  const groups = useMemo(() => grouped(offered ?? [], draft.service), [offered, draft.service]);
  const outside =
    !!person &&
    draft.clock !== '' &&
    free !== undefined &&
    !isPending &&
    !(free ?? []).some((slot) => wallOf(slot.at, zone) === `${draft.day}T${draft.clock.padStart(5, '0')}`);
  const writes = visit ? 'change' : 'book';
  const currency = me.workspace.currency;

  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={500}
      title={visit ? t`Change the appointment` : t`New appointment`}
      closeButtonProps={{ 'aria-label': t`Close; what was typed is kept` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save();
        }}
      >
        <Stack gap="sm">
          <Left left={!!visit && left} onDrop={clear} />
          {failure !== null && (
            <Alert color={taken ? 'yellow' : 'red'} variant="light" role="alert">
              {taken ? (
                ofSeries ? (
                  <TakenTimes parts={failure.parts.length} />
                ) : (
                  <Trans>At this time the person is not free.</Trans>
                )
              ) : (
                sentence(failure)
              )}
              {taken && (
                <Group gap="xs" mt="xs">
                  {ofSeries && (
                    <Button variant="default" onClick={() => save({ skip: true })}>
                      <Trans>Book the others</Trans>
                    </Button>
                  )}
                  {writable('beside') && (
                    <Button variant="default" onClick={() => save({ beside: true })}>
                      <Trans>Put it beside the other one</Trans>
                    </Button>
                  )}
                </Group>
              )}
            </Alert>
          )}
          <ClientChoice
            value={draft.client}
            onChange={(client) => set({ client })}
            mayMake={mayMake}
            error={wrong('client', t`Choose a client, or a service.`)}
            autoFocus={!draft.client}
          />
          {!offered ? (
            <Skeleton height={58} />
          ) : offered.length > 0 ? (
            <Select
              size="sm"
              label={t`Service`}
              searchable
              clearable
              placeholder={t`Choose what is done`}
              nothingFoundMessage={t`Nothing found`}
              data={groups}
              value={draft.service}
              onChange={choose}
              renderOption={({ option }) => {
                const each = offered.find((one) => one.id === option.value);
                return (
                  <div className={classes.option}>
                    <span>{option.label}</span>
                    <span className={classes.quiet}>
                      {[
                        each?.duration ? t`${each.duration} min` : '',
                        each?.price ? moneyText(each.price, currency) : '',
                      ]
                        .filter(Boolean)
                        .join(' · ')}
                    </span>
                  </div>
                );
              }}
            />
          ) : null}
          <Select
            size="sm"
            label={t`Who`}
            searchable={people.length > 7}
            clearable={people.length > 1 && !visit}
            placeholder={t`Whoever is free`}
            data={people.map((each) => ({
              value: each.person.id,
              label: gives(each.person.id) ? each.person.name : t`${each.person.name} (does not do this)`,
            }))}
            value={person}
            onChange={(id) => set({ staff: id })}
            error={wrong('staff', t`Choose who does it, or one of the free times.`)}
          />
          <Group gap={8} wrap="nowrap" align="flex-start">
            <DateField
              key={draft.day}
              size="sm"
              label={t`Day`}
              style={{ flex: 1 }}
              value={draft.day}
              onChange={(day) => day && set({ day })}
              error={wrong('day', t`Choose a day.`)}
            />
            <TextInput
              size="sm"
              w={92}
              label={t`Begins`}
              placeholder="10:00"
              inputMode="numeric"
              autoComplete="off"
              maxLength={5}
              value={draft.clock}
              onChange={(event) => set({ clock: event.currentTarget.value })}
              error={wrong('clock', t`Such as 10:00`)}
            />
            <NumberInput
              size="sm"
              w={104}
              label={t`Minutes`}
              min={5}
              max={1440}
              step={5}
              value={draft.minutes}
              onChange={(value) => set({ minutes: Number(value) || 0, ownMinutes: true })}
              error={wrong('minutes', t`How long?`)}
            />
          </Group>
          <Slots
            times={times}
            loading={isPending}
            day={draft.day}
            chosen={person ? `${person} ${draft.day}T${draft.clock.padStart(5, '0')}` : ''}
            nameOf={(id) => staff.find((each) => each.person.id === id)?.person.name ?? ''}
            several={!person}
            onChoose={(slot) => set({ staff: slot.staff, clock: clockOf(slot.at) })}
            onDay={(day) => set({ day })}
          />
          {outside && !isPending && (
            <p className={classes.outside}>
              <Trans>This lies outside working hours, or beside another appointment.</Trans>
            </p>
          )}
          {writable('price') && (
            <NumberInput
              size="sm"
              label={t`Price`}
              hideControls
              decimalScale={2}
              thousandSeparator=" "
              allowedDecimalSeparators={[',', '.']}
              suffix={currency ? ` ${currency}` : ''}
              value={draft.price}
              onChange={(value) => set({ price: value === '' ? '' : String(value), ownPrice: true })}
            />
          )}
          {!visit && (
            <RepeatChoice value={draft.repeat} day={draft.day} onChange={(repeat) => set({ repeat })} />
          )}
          {writable('note') && (
            <Textarea
              size="sm"
              label={t`Note`}
              autosize
              minRows={2}
              maxRows={8}
              value={draft.note}
              onChange={(event) => set({ note: event.currentTarget.value })}
            />
          )}
          {visit?.series && (
            <div>
              <p className={classes.question} id="reach">
                <Trans>This is one of a series. Change</Trans>
              </p>
              <SegmentedControl
                size="xs"
                fullWidth
                aria-labelledby="reach"
                value={reach}
                onChange={(next) => setReach(next as Reach)}
                data={[
                  { value: 'one', label: t`only this one` },
                  { value: 'later', label: t`this one and later ones` },
                  { value: 'all', label: t`all` },
                ]}
              />
            </div>
          )}
          <Summary
            draft={draft}
            service={service}
            person={staff.find((each) => each.person.id === person)?.person.name}
          />
          <Group justify="space-between">
            {writes === 'book' ? (
              <Button variant="subtle" color="gray" size="sm" onClick={clear}>
                <Trans>Clear</Trans>
              </Button>
            ) : (
              <span />
            )}
            <Button type="submit" size="sm" loading={busy}>
              {writes === 'book' ? <Trans>Book</Trans> : <Trans>Save</Trans>}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

function TakenTimes({ parts }: { parts: number }) {
  return <Trans>Of these times so many are taken: {parts}.</Trans>;
}

/** In one line what is about to be booked. */
function Summary({
  draft,
  service,
  person,
}: {
  draft: Draft;
  service: Service | undefined;
  person: string | undefined;
}) {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(draft.day)
    ? new Intl.DateTimeFormat(writing(), {
        timeZone: 'UTC',
        weekday: 'long',
        day: 'numeric',
        month: 'long',
      }).format(asDate(draft.day))
    : '';
  const clock = /^\d{1,2}:\d{2}$/.test(draft.clock) ? draft.clock.padStart(5, '0') : '';
  const ends = clock && draft.minutes > 0 ? clockOf(later(`${draft.day}T${clock}`, draft.minutes)) : '';
  const line = [day, clock && ends ? `${clock}–${ends}` : clock, service?.name, person].filter(Boolean);
  if (!clock) return null;
  return <p className={classes.summary}>{line.join(' · ')}</p>;
}

/** Services by category, those that are offered and the one that is chosen. */
function grouped(all: Service[], chosen: string | null) {
  const shown = all.filter((each) => each.active !== false || each.id === chosen);
  const names = [...new Set(shown.map((each) => each.category ?? ''))].sort((a, b) => a.localeCompare(b));
  if (names.length < 2) return shown.map((each) => ({ value: each.id, label: each.name }));
  return names.map((group) => ({
    group: group || '–',
    items: shown
      .filter((each) => (each.category ?? '') === group)
      .map((each) => ({ value: each.id, label: each.name })),
  }));
}
