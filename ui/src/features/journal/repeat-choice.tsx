import { Trans, useLingui } from '@lingui/react/macro';
import { Group, NumberInput, SegmentedControl, Select } from '@mantine/core';
import type { Repeat } from '../../api/journal';
import { DateField } from '../../kit/field-date';
import { asDate, daysLater, mondayOf } from '../../kit/wall';
import { writing } from '../../text';
import classes from './booking.module.css';

export interface RepeatDraft {
  /** Empty: it does not repeat. */
  every: '' | 'day' | 'week' | 'month';
  interval: number;
  weekdays: number[];
  ends: 'count' | 'until';
  count: number;
  until: string;
}

export const noRepeat: RepeatDraft = {
  every: '',
  interval: 1,
  weekdays: [],
  ends: 'count',
  count: 4,
  until: '',
};

/** The repetition as the server reads it. */
export function repeatOf(draft: RepeatDraft): Repeat | null {
  if (!draft.every) return null;
  return {
    every: draft.every,
    interval: draft.interval,
    ...(draft.every === 'week' && draft.weekdays.length ? { weekdays: draft.weekdays } : {}),
    ...(draft.ends === 'count' ? { count: draft.count } : { until: draft.until }),
  };
}

/** When an appointment is made again. */
export function RepeatChoice({
  value,
  day,
  onChange,
}: {
  value: RepeatDraft;
  day: string;
  onChange: (next: RepeatDraft) => void;
}) {
  const { t } = useLingui();
  const key = value.every ? `${value.every} ${value.interval}` : '';
  const known = ['', 'day 1', 'week 1', 'week 2', 'week 3', 'week 4', 'month 1'];
  const names: Record<string, string> = {
    '': t`Does not repeat`,
    'day 1': t`Every day`,
    'week 1': t`Every week`,
    'week 2': t`Every second week`,
    'week 3': t`Every third week`,
    'week 4': t`Every fourth week`,
    'month 1': t`Every month`,
  };
  const monday = mondayOf(/^\d{4}-\d{2}-\d{2}$/.test(day) ? day : '2026-01-05');
  const own = Math.round((asDate(day).getTime() - asDate(monday).getTime()) / 86_400_000);
  const short = new Intl.DateTimeFormat(writing(), { timeZone: 'UTC', weekday: 'short' });
  const chosen = value.weekdays.length ? value.weekdays : [own];

  return (
    <div className={classes.repeat}>
      <Select
        size="sm"
        label={t`Repeats`}
        allowDeselect={false}
        data={known.map((each) => ({ value: each, label: names[each] ?? each }))}
        value={key}
        onChange={(next) => {
          const [every = '', interval = '1'] = (next ?? '').split(' ');
          onChange({ ...value, every: every as RepeatDraft['every'], interval: Number(interval) });
        }}
      />
      {value.every === 'week' && (
        <div className={classes.chips} role="group" aria-label={t`Days of the week`}>
          {Array.from({ length: 7 }, (_, index) => (
            <button
              key={index}
              type="button"
              className={classes.chip}
              aria-pressed={chosen.includes(index)}
              onClick={() => {
                const next = chosen.includes(index)
                  ? chosen.filter((each) => each !== index)
                  : [...chosen, index];
                if (next.length) onChange({ ...value, weekdays: next.sort() });
              }}
            >
              {short.format(asDate(daysLater(monday, index)))}
            </button>
          ))}
        </div>
      )}
      {value.every && (
        <Group gap={8} align="flex-end" wrap="nowrap">
          <SegmentedControl
            size="xs"
            aria-label={t`Until when`}
            value={value.ends}
            onChange={(ends) => onChange({ ...value, ends: ends as RepeatDraft['ends'] })}
            data={[
              { value: 'count', label: t`So many times` },
              { value: 'until', label: t`Until a day` },
            ]}
          />
          {value.ends === 'count' ? (
            <NumberInput
              size="xs"
              w={84}
              aria-label={t`How many times`}
              min={2}
              max={120}
              value={value.count}
              onChange={(count) => onChange({ ...value, count: Number(count) || 0 })}
            />
          ) : (
            <DateField
              size="xs"
              aria-label={t`The last day`}
              style={{ flex: 1 }}
              value={value.until}
              onChange={(until) => onChange({ ...value, until })}
            />
          )}
        </Group>
      )}
      {value.every === 'month' && Number(day.slice(8)) > 28 && (
        <p className={classes.quiet}>
          <Trans>Months that have no such day are left out.</Trans>
        </p>
      )}
    </div>
  );
}
