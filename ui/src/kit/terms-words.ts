import { useLingui } from '@lingui/react/macro';
import type { Hours, Terms } from '../api/terms';

export const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** The days of the week as people write them, Monday first. */
export function dayWords(locale: string, width: 'short' | 'long'): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: width, timeZone: 'UTC' });
  return days.map((_, i) => format.format(Date.UTC(2024, 0, 1 + i)));
}

/** Midnight at the end of a day is shown as the midnight that it is. */
export const shownEnd = (end: string) => (end === '24:00' ? '00:00' : end);

function daysIn(hours: Hours, names: string[]): string {
  const held = days.map((day) => hours.days.includes(day));
  const parts: string[] = [];
  for (let i = 0; i < 7; i++) {
    if (!held[i]) continue;
    let end = i;
    while (end < 6 && held[end + 1]) end++;
    parts.push(end - i > 1 ? `${names[i]}–${names[end]}` : names.slice(i, end + 1).join(', '));
    i = end;
  }
  return parts.join(', ');
}

/** What terms say about places and hours, in sentences; empty if they say nothing. */
export function useTermsSentence() {
  const { t, i18n } = useLingui();
  return (terms: Pick<Terms, 'networks' | 'hours' | 'time_zone'>): string => {
    const networks = terms.networks.join(', ');
    const names = dayWords(i18n.locale, 'short');
    const hours = terms.hours.map((each) => `${daysIn(each, names)} ${each.from}–${each.to}`).join('; ');
    return [
      networks && t`Only from these networks: ${networks}.`,
      hours &&
        (terms.time_zone
          ? t`Only at these hours: ${hours} (${terms.time_zone}).`
          : t`Only at these hours: ${hours}.`),
    ]
      .filter(Boolean)
      .join(' ');
  };
}

/** Whether the hours hold a moment. Without hours every moment is held. */
export function holdsNow(hours: Hours[], zone: string, now: Date): boolean {
  if (hours.length === 0) return true;
  const parts = new Intl.DateTimeFormat('en', {
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  }).formatToParts(now);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  const day = days.indexOf(part('weekday').toLowerCase() as (typeof days)[number]);
  const at = `${part('hour')}:${part('minute')}`;
  const before = days[(day + 6) % 7] ?? '';
  const today = days[day] ?? '';
  return hours.some(({ days: on, from, to }) =>
    from < to
      ? on.includes(today) && from <= at && at < to
      : (on.includes(today) && from <= at) || (on.includes(before) && at < to),
  );
}
