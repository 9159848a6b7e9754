import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Viewing } from '../api/generated';
import { leaveViewing } from '../api/viewing';
import classes from './shell.module.css';

/** Where the viewer goes on as themselves. */
const back = (viewing: Viewing) => `/settings/${viewing.kind === 'role' ? 'roles' : 'people'}/${viewing.id}`;

/** Says through whose eyes the page is seen, for how long still, and leads out. */
export default function ViewingBar({ viewing, locale }: { viewing: Viewing; locale: string }) {
  const { t } = useLingui();
  const name = viewing.labels?.[locale] ?? viewing.name;
  const left = useSecondsUntil(viewing.ends_at);
  useEffect(() => {
    if (left === 0) void leaveViewing(back(viewing));
  }, [left, viewing]);
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  return (
    <section className={classes.viewing} aria-label={t`Through other eyes`}>
      <span role="status">
        {viewing.kind === 'role' ? (
          <Trans>
            You see everything as the role <strong>{name}</strong> does. Nothing can be changed, and this is
            in the log.
          </Trans>
        ) : (
          <Trans>
            You see everything as <strong>{name}</strong> does. Nothing can be changed, and this is in the
            log.
          </Trans>
        )}
      </span>
      <span role="timer" className={classes.left}>
        <Trans>{time} left</Trans>
      </span>
      <Button variant="white" color="dark" size="compact-xs" onClick={() => leaveViewing(back(viewing))}>
        <Trans>Leave</Trans>
      </Button>
    </section>
  );
}

function useSecondsUntil(moment: string): number {
  const seconds = () => Math.max(0, Math.ceil((Date.parse(moment) - Date.now()) / 1000));
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const clock = setInterval(() => setLeft(seconds()), 1000);
    return () => clearInterval(clock);
  });
  return left;
}
