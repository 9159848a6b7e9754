import { useLingui } from '@lingui/react/macro';
import { ActionIcon, Popover, TextInput, type TextInputProps } from '@mantine/core';
import { IconCalendar } from '@tabler/icons-react';
import { Suspense, useState } from 'react';
import { writing } from '../text';
import { later, part } from './later';

const Calendar = part(later(() => import('./calendar')));

const pad = (n: number, width = 2) => String(n).padStart(width, '0');

/** The order in which the language writes a date: "dmy", "mdy" or "ymd". */
function order(): string {
  return new Intl.DateTimeFormat(writing())
    .formatToParts(new Date(2001, 10, 22))
    .map((part) => part.type[0])
    .filter((letter) => letter === 'd' || letter === 'm' || letter === 'y')
    .join('');
}

function valid(year: number, month: number, day: number) {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/**
 * Understands a date as people type it: 16.07.1986, 16.7, 1986-07-16. Without
 * a year it is "--07-16", if that is allowed. Null for what is no date.
 */
export function readDate(typed: string, yearless: boolean, way = order()): string | null {
  const numbers = typed.trim().match(/\d+/gu);
  if (!numbers || !/^[\d\s./-]+$/u.test(typed.trim())) return null;
  const [a, b, c] = numbers.map(Number);
  if (a === undefined || b === undefined || numbers.length > 3) return null;
  if (c === undefined) {
    const [month, day] = way === 'dmy' ? [b, a] : [a, b];
    return yearless && valid(2000, month, day) ? `--${pad(month)}-${pad(day)}` : null;
  }
  let [year, month, day] = way === 'dmy' ? [c, b, a] : way === 'mdy' ? [c, a, b] : [a, b, c];
  if ((numbers[0] as string).length === 4) [year, month, day] = [a, b, c];
  if (year < 100) year += year > (new Date().getFullYear() % 100) + 10 ? 1900 : 2000;
  return valid(year, month, day) ? `${pad(year, 4)}-${pad(month)}-${pad(day)}` : null;
}

/** A stored date as it would be typed. */
export function typedDate(stored: string, way = order()): string {
  const [, year, month, day] = /^(\d{4}|-)-(\d{2})-(\d{2})/.exec(stored) ?? [];
  if (!month || !day) return stored;
  const parts = { d: day, m: month, y: year === '-' ? '' : (year ?? '') };
  const letters = [...way] as ('d' | 'm' | 'y')[];
  return letters
    .map((letter) => parts[letter])
    .filter(Boolean)
    .join(way === 'mdy' ? '/' : way === 'ymd' ? '-' : '.');
}

interface Props extends Omit<TextInputProps, 'value' | 'onChange'> {
  /** "1986-07-16", "--07-16" or "". */
  value: string;
  onChange: (stored: string) => void;
  /** Whether a day without a year is a date: birthdays. */
  yearless?: boolean;
}

/** A date that is typed, or chosen from a calendar. */
export function DateField({ value, onChange, yearless = false, ...rest }: Props) {
  const { t } = useLingui();
  const [typed, setTyped] = useState(value ? typedDate(value) : '');
  const [open, setOpen] = useState(false);
  const wrong = typed !== '' && readDate(typed, yearless) === null;
  // A birthday lies far back; everything else is near.
  const example = typedDate(yearless ? '1986-07-16' : `${new Date().getFullYear()}-07-16`);

  return (
    <TextInput
      inputMode="numeric"
      placeholder={example}
      autoComplete="off"
      {...rest}
      value={typed}
      error={rest.error ?? (wrong ? t`A date such as ${example}` : undefined)}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const read = readDate(next, yearless);
        if (next === '' || read !== null) onChange(read ?? '');
      }}
      rightSection={
        <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus>
          <Popover.Target>
            <ActionIcon
              size="sm"
              aria-label={t`Choose from a calendar`}
              onClick={() => setOpen((now) => !now)}
            >
              <IconCalendar size={15} />
            </ActionIcon>
          </Popover.Target>
          <Popover.Dropdown>
            <Suspense fallback={<div style={{ width: 252, height: 274 }} />}>
              <Calendar
                value={value.startsWith('-') ? null : value || null}
                onChange={(day) => {
                  if (!day) return;
                  setTyped(typedDate(day));
                  onChange(day);
                  setOpen(false);
                }}
              />
            </Suspense>
          </Popover.Dropdown>
        </Popover>
      }
    />
  );
}
