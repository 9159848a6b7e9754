import { useLingui } from '@lingui/react/macro';
import { formatter } from '../text';

const day = 86_400_000;

const startOfDay = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** Whole days from the one date to the other, by the calendar here. */
export const daysBetween = (from: Date, to: Date) => Math.round((startOfDay(to) - startOfDay(from)) / day);

const format = (date: Date, options: Intl.DateTimeFormatOptions) =>
  formatter(Intl.DateTimeFormat, options).format(date);

/**
 * The time as people say it: "14:05" today, "yesterday 14:05", "3 Nov", "3 Nov 2024".
 * Of what somebody has set a time for, the time is always said: "3 Nov 14:05".
 */
export function human(date: Date, now = new Date(), timed = false): string {
  const away = daysBetween(now, date);
  const time = format(date, { hour: '2-digit', minute: '2-digit', hour12: false });
  if (Math.abs(away) <= 1) {
    const word = formatter(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(away, 'day');
    return away === 0 ? time : `${word} ${time}`;
  }
  const sameYear = date.getFullYear() === now.getFullYear();
  const day = format(date, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) });
  return timed ? `${day} ${time}` : day;
}

export const exact = (date: Date) =>
  format(date, { dateStyle: 'full', timeStyle: 'medium' } as Intl.DateTimeFormatOptions);

/** A moment in human words, with the exact time on hover. */
export function When({ at, timed = false }: { at: string | null | undefined; timed?: boolean }) {
  const { i18n: spoken } = useLingui();
  const date = at ? new Date(at) : null;
  if (!date || Number.isNaN(date.getTime())) return null;
  return (
    <time dateTime={date.toISOString()} data-language={spoken.locale} title={exact(date)}>
      {human(date, new Date(), timed)}
    </time>
  );
}

/** A calendar date as stored: "1986-07-16", or "--07-16" where the year is unknown. Short where there is little room. */
export function calendarDate(stored: string, short = false): string {
  const [, year, month, dayOfMonth] = /^(\d{4}|-)-(\d{2})-(\d{2})/.exec(stored) ?? [];
  if (!month || !dayOfMonth) return stored;
  const known = year !== '-' && year !== undefined;
  const date = new Date(known ? Number(year) : 2000, Number(month) - 1, Number(dayOfMonth));
  return format(date, {
    day: 'numeric',
    month: short ? 'short' : 'long',
    ...(known ? { year: 'numeric' } : {}),
  });
}
