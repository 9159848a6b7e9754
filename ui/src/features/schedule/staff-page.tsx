import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Select, Skeleton, Switch, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconCopy, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { staff as ask, orderStaff, removeStaff, type Span, type Staff, saveStaff } from '../../api/journal';
import { names } from '../../api/people';
import { Avatar } from '../../kit/avatar';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { Column, Panel } from '../../kit/page';
import { useUndo } from '../../kit/undo';
import { useChanges } from '../../kit/unsaved';
import { asDate, clockAt, daysLater } from '../../kit/wall';
import { calendarDate } from '../../kit/when';
import { writing } from '../../text';
import classes from './schedule.module.css';

const usual: Span[] = [{ from: 9 * 60, to: 18 * 60 }];
const monday = '2024-01-01';

/** Who takes appointments, and when each of them works. */
export function StaffPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error, refetch } = useQuery(ask);
  const { data: everyone = [] } = useQuery(names);
  const [busy, setBusy] = useState(false);
  if (error) return <Failure failure={error} retry={refetch} />;
  const again = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['staff'] }),
      client.invalidateQueries({ queryKey: ['journal'] }),
    ]);
  const others = everyone.filter((each) => !data?.some((one) => one.person.id === each.id));

  async function add(id: string) {
    setBusy(true);
    try {
      await saveStaff(id, { week: [usual, usual, usual, usual, usual, [], []] });
      await again();
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  async function move(index: number, by: number) {
    const order = (data ?? []).map((each) => each.person.id);
    const [id] = order.splice(index, 1);
    if (!id) return;
    order.splice(index + by, 0, id);
    try {
      const next = await orderStaff(order);
      client.setQueryData(['staff'], next.items);
      await client.invalidateQueries({ queryKey: ['journal'] });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <Column>
      {!data ? (
        <Skeleton height={320} />
      ) : data.length === 0 ? (
        <Empty title={t`Nobody takes appointments yet`}>
          <Trans>
            Choose a person below: they get a column in the journal, and the hours in which they can be
            booked.
          </Trans>
        </Empty>
      ) : (
        data.map((each, index) => (
          <Hours
            key={each.person.id}
            saved={each}
            first={index === 0}
            last={index === data.length - 1}
            onMove={(by) => move(index, by)}
            onDone={again}
          />
        ))
      )}
      {others.length > 0 && (
        <Select
          size="sm"
          maw={320}
          label={t`Let somebody take appointments`}
          placeholder={t`Choose a person`}
          searchable
          disabled={busy}
          value={null}
          data={others.map((each) => ({ value: each.id, label: each.name }))}
          onChange={(id) => id && void add(id)}
        />
      )}
    </Column>
  );
}

function Hours({
  saved,
  first,
  last,
  onMove,
  onDone,
}: {
  saved: Staff;
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
  onDone: () => Promise<unknown>;
}) {
  const { t } = useLingui();
  const tell = useTell();
  const offerUndo = useUndo();
  const { draft, changed, set: setDraft, reset, settled } = useChanges(saved);
  const [busy, setBusy] = useState(false);
  const [date, setDate] = useState('');
  const [round, setRound] = useState(0);
  const name = saved.person.name;
  const dayName = (index: number, weekday: 'short' | 'long' = 'long') =>
    new Intl.DateTimeFormat(writing(), { timeZone: 'UTC', weekday }).format(asDate(daysLater(monday, index)));
  const setWeek = (index: number, spans: Span[]) =>
    setDraft({ ...draft, week: draft.week.map((each, place) => (place === index ? spans : each)) });
  const body = (of: Staff) => ({
    position: of.position,
    colour: of.colour,
    week: of.week,
    days: of.days,
    except: of.except,
  });
  const wrong = [...draft.week, ...draft.days.map((each) => each.spans)].some((spans) =>
    spans.some(
      (span, index) =>
        span.from >= span.to ||
        spans.some((other, place) => place !== index && span.from < other.to && other.from < span.to),
    ),
  );

  async function save() {
    setBusy(true);
    try {
      await saveStaff(saved.person.id, { version: draft.version, ...body(draft) });
      settled(draft);
      await onDone();
      offerUndo(<Trans>The hours are saved.</Trans>, async () => {
        await saveStaff(saved.person.id, body(saved));
        await onDone();
      });
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  async function drop() {
    try {
      await removeStaff(saved.person.id);
      await onDone();
      offerUndo(<Trans>No longer a column of the journal. The appointments stay.</Trans>, async () => {
        await saveStaff(saved.person.id, body(saved));
        await onDone();
      });
    } catch (failure) {
      tell(failure);
    }
  }

  const copied = draft.week[0] ?? [];
  const today = new Date().toISOString().slice(0, 10);
  const days = draft.days.filter((each) => each.date >= today);
  return (
    <Panel
      title={
        <span className={classes.person}>
          <Avatar name={name} size={26} /> {name}
        </span>
      }
      action={
        <Group gap={2} wrap="nowrap">
          <ActionIcon
            disabled={first}
            aria-label={t`Move ${name} to the left in the journal`}
            onClick={() => onMove(-1)}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon
            disabled={last}
            aria-label={t`Move ${name} to the right in the journal`}
            onClick={() => onMove(1)}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
          <ActionIcon
            aria-label={t`${name} takes no more appointments`}
            title={t`${name} takes no more appointments`}
            onClick={drop}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      }
    >
      <TextInput
        size="sm"
        maw={300}
        mb="sm"
        label={t`Position`}
        placeholder={t`Stylist`}
        value={draft.position}
        maxLength={100}
        onChange={(event) => setDraft({ ...draft, position: event.currentTarget.value })}
      />
      <div role="group" aria-label={t`Hours of the week: ${name}`}>
        {draft.week.map((spans, index) => (
          <div key={index} className={classes.day}>
            <Switch
              size="xs"
              className={classes.dayName}
              label={dayName(index)}
              checked={spans.length > 0}
              onChange={(event) =>
                setWeek(index, event.currentTarget.checked ? (copied.length ? copied : usual) : [])
              }
            />
            <Spans label={dayName(index)} spans={spans} onChange={(next) => setWeek(index, next)} />
            {index === 0 && spans.length > 0 && (
              <Button
                variant="subtle"
                color="gray"
                size="compact-xs"
                leftSection={<IconCopy size={13} />}
                onClick={() =>
                  setDraft({ ...draft, week: draft.week.map((each, place) => (place < 5 ? spans : each)) })
                }
              >
                <Trans>The same until Friday</Trans>
              </Button>
            )}
          </div>
        ))}
      </div>
      <h3 className={classes.sub}>
        <Trans>Days that differ: holidays, days off, extra days</Trans>
      </h3>
      {days.map((each) => {
        const word = calendarDate(each.date);
        const put = (next: Partial<typeof each>) =>
          setDraft({
            ...draft,
            days: draft.days.map((one) => (one.date === each.date ? { ...one, ...next } : one)),
          });
        return (
          <div key={each.date} className={classes.day}>
            <Switch
              size="xs"
              className={classes.dayName}
              label={word}
              checked={each.spans.length > 0}
              onChange={(event) => put({ spans: event.currentTarget.checked ? usual : [] })}
            />
            <Spans label={word} spans={each.spans} onChange={(spans) => put({ spans })} />
            <TextInput
              size="xs"
              className={classes.noteInput}
              aria-label={t`Why: ${word}`}
              placeholder={t`Holiday`}
              value={each.note ?? ''}
              maxLength={100}
              onChange={(event) => put({ note: event.currentTarget.value })}
            />
            <ActionIcon
              size={26}
              aria-label={t`As in every week: ${word}`}
              onClick={() => setDraft({ ...draft, days: draft.days.filter((one) => one.date !== each.date) })}
            >
              <IconX size={15} />
            </ActionIcon>
          </div>
        );
      })}
      <Group gap={8} align="flex-end" mt={8}>
        <DateField
          key={round}
          size="xs"
          w={150}
          aria-label={t`A day that differs`}
          value={date}
          onChange={setDate}
        />
        <Button
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={!date || draft.days.some((each) => each.date === date)}
          onClick={() => {
            setDraft({
              ...draft,
              days: [...draft.days, { date, spans: [] }].sort((a, b) => (a.date < b.date ? -1 : 1)),
            });
            setDate('');
            setRound(round + 1);
          }}
        >
          <Trans>Day off</Trans>
        </Button>
      </Group>
      {wrong && (
        <p role="alert" className={classes.wrong}>
          <Trans>Hours begin before they end, and do not overlap.</Trans>
        </p>
      )}
      {changed && (
        <Group justify="flex-end" gap={8} mt="sm">
          <Button variant="subtle" color="gray" onClick={reset}>
            <Trans>Leave as it was</Trans>
          </Button>
          <Button onClick={save} loading={busy} disabled={wrong}>
            <Trans>Save</Trans>
          </Button>
        </Group>
      )}
    </Panel>
  );
}

/** Parts of a day, each from a time to a time. */
function Spans({
  label,
  spans,
  onChange,
}: {
  label: string;
  spans: Span[];
  onChange: (spans: Span[]) => void;
}) {
  const { t } = useLingui();
  if (spans.length === 0) {
    return (
      <span className={classes.quiet}>
        <Trans>day off</Trans>
      </span>
    );
  }
  const put = (index: number, next: Partial<Span>) =>
    onChange(spans.map((each, place) => (place === index ? { ...each, ...next } : each)));
  const end = spans[spans.length - 1]?.to ?? 0;
  return (
    <div className={classes.spans}>
      {spans.map((span, index) => (
        <span key={index} className={classes.span}>
          <Clock label={t`${label}: from`} minute={span.from} onChange={(from) => put(index, { from })} />
          –
          <Clock
            label={t`${label}: until`}
            minute={span.to}
            onChange={(to) => put(index, { to: to || 1440 })}
          />
          {spans.length > 1 && (
            <ActionIcon
              size={24}
              aria-label={t`${label}: take this part away`}
              onClick={() => onChange(spans.filter((_, place) => place !== index))}
            >
              <IconX size={14} />
            </ActionIcon>
          )}
        </span>
      ))}
      {end < 23 * 60 && spans.length < 8 && (
        <ActionIcon
          size={24}
          aria-label={t`${label}: another part, as after a break`}
          title={t`Another part, as after a break`}
          onClick={() =>
            onChange([...spans, { from: Math.min(end + 60, 1380), to: Math.min(end + 240, 1440) }])
          }
        >
          <IconPlus size={14} />
        </ActionIcon>
      )}
    </div>
  );
}

/** A time of day as it is typed; what is no time yet changes nothing. */
function Clock({
  label,
  minute,
  onChange,
}: {
  label: string;
  minute: number;
  onChange: (minute: number) => void;
}) {
  const shown = clockAt(minute);
  const [typed, setTyped] = useState<string | null>(null);
  const read = (text: string) => {
    const [, hour = '', rest = '00'] = /^(\d{1,2})(?:[:.]?(\d{2}))?$/.exec(text.trim()) ?? [];
    const at = Number(hour) * 60 + Number(rest);
    return hour && Number(rest) < 60 && at <= 1440 ? at : null;
  };
  return (
    <input
      className={classes.time}
      inputMode="numeric"
      autoComplete="off"
      maxLength={5}
      aria-label={label}
      aria-invalid={typed !== null && read(typed) === null}
      value={typed ?? shown}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        const at = /^\d{1,2}[:.]\d{2}$/.test(event.currentTarget.value.trim())
          ? read(event.currentTarget.value)
          : null;
        if (at !== null) onChange(at);
      }}
      onBlur={() => {
        const at = typed === null ? null : read(typed);
        if (at !== null && at !== minute) onChange(at);
        setTyped(null);
      }}
    />
  );
}
