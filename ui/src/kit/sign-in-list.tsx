import { Trans, useLingui } from '@lingui/react/macro';
import { Badge, Tooltip } from '@mantine/core';
import { IconCheck, IconKey, IconLogout, IconPencil, IconX } from '@tabler/icons-react';
import { Fragment } from 'react';
import type { SignIn } from '../api/sign-ins';
import { formatter } from '../text';
import { placeWords, useDeviceWords } from './device';
import classes from './sign-in-list.module.css';
import { useEndWords, useHowWords, useRefusalWords, useSignInEventWords } from './sign-in-words';
import { daysBetween, exact } from './when';

const marks = { in: IconCheck, proof: IconKey, refused: IconX, out: IconLogout, changed: IconPencil };

const dayWord = (at: Date, now = new Date()) => {
  const away = daysBetween(now, at);
  if (Math.abs(away) <= 1) return formatter(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(away, 'day');
  return formatter(Intl.DateTimeFormat, { weekday: 'long', day: 'numeric', month: 'long' }).format(at);
};

/** Lines of the authorisation log, day by day. */
export function SignInList({ items, own = false }: { items: SignIn[]; own?: boolean }) {
  let day = '';
  return (
    <ol className={classes.list}>
      {items.map((each) => {
        const word = dayWord(new Date(each.time));
        const first = word !== day;
        day = word;
        return (
          <Fragment key={each.seq}>
            {first && <li className={classes.day}>{word}</li>}
            <Row entry={each} own={own} />
          </Fragment>
        );
      })}
    </ol>
  );
}

/** The reason of a line in words: why refused, how begun, why ended. */
function useReason() {
  const refusal = useRefusalWords();
  const how = useHowWords();
  const end = useEndWords();
  return (entry: SignIn): string => {
    if (!entry.reason) return '';
    if (entry.outcome === 'refused') return refusal[entry.reason] ?? '';
    if (entry.outcome === 'in') return how[entry.reason] ?? '';
    if (entry.outcome === 'out') return end[entry.reason] ?? '';
    return '';
  };
}

function Row({ entry, own }: { entry: SignIn; own: boolean }) {
  const { t } = useLingui();
  const words = useSignInEventWords();
  const reason = useReason()(entry);
  const device = useDeviceWords();
  const at = new Date(entry.time);
  const Mark = marks[entry.outcome];
  const known = entry.device.browser || entry.device.system || entry.device.form;
  const where = [known ? device(entry.device) : '', entry.address ?? '', placeWords(entry.place)].filter(
    Boolean,
  );
  const other = entry.by.kind !== 'stranger' && entry.by.id !== entry.person?.id;
  return (
    <li className={classes.row}>
      <Tooltip label={exact(at)}>
        <time className={classes.time} dateTime={entry.time}>
          {formatter(Intl.DateTimeFormat, { hour: '2-digit', minute: '2-digit', hour12: false }).format(at)}
        </time>
      </Tooltip>
      <span className={classes.mark} data-outcome={entry.outcome} aria-hidden>
        <Mark size={13} stroke={2.2} />
      </span>
      <div className={classes.what}>
        {!own && <strong>{entry.person?.name || t`Somebody unknown`}</strong>}
        {!own && ': '}
        {words[entry.event] ?? entry.event}
        {reason && ` (${reason})`}
        {other && entry.by.name && (
          <>
            {' · '}
            <Trans>by {entry.by.name}</Trans>
          </>
        )}{' '}
        {entry.new && (
          <Badge size="xs" variant="light" color="orange" tt="none">
            <Trans>new device or network</Trans>
          </Badge>
        )}
      </div>
      <div className={classes.where}>{where.join(' · ')}</div>
    </li>
  );
}
