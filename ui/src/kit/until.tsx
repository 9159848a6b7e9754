import { useLingui } from '@lingui/react/macro';
import { Tooltip } from '@mantine/core';
import { writing } from '../text';
import { exact } from './when';

const hour = 3_600_000;

/** The time that is left, as people say it: "in 40 minutes", "in 3 days". */
export function left(at: Date, now = new Date()): string {
  const away = at.getTime() - now.getTime();
  const words = new Intl.RelativeTimeFormat(writing(), { numeric: 'always' });
  if (away < hour) return words.format(Math.max(1, Math.round(away / 60_000)), 'minute');
  if (away < 36 * hour) return words.format(Math.round(away / hour), 'hour');
  return words.format(Math.round(away / (24 * hour)), 'day');
}

/** How long something still lasts, with the exact time on hover. */
export function Until({ at }: { at: string }) {
  const { i18n: spoken } = useLingui();
  const date = new Date(at);
  return (
    <Tooltip label={exact(date)}>
      <time dateTime={date.toISOString()} data-language={spoken.locale}>
        {left(date)}
      </time>
    </Tooltip>
  );
}
