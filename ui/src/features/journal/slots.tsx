import { Trans, useLingui } from '@lingui/react/macro';
import { Skeleton } from '@mantine/core';
import { useState } from 'react';
import { Avatar } from '../../kit/avatar';
import { clockOf, daysLater, type Wall } from '../../kit/wall';
import classes from './booking.module.css';

interface Slot {
  staff: string;
  at: Wall;
}

interface Props {
  times: Slot[];
  loading: boolean;
  day: string;
  /** Person and time that are chosen. */
  chosen: string;
  nameOf: (id: string) => string;
  several: boolean;
  onChoose: (slot: Slot) => void;
  onDay: (day: string) => void;
}

/** Free times of a day: of one person, or of everybody who is free. */
export function Slots({ times, loading, day, chosen, nameOf, several, onChoose, onDay }: Props) {
  const { t } = useLingui();
  const [all, setAll] = useState(false);
  if (loading) return <Skeleton height={64} radius="md" />;
  if (times.length === 0) {
    return (
      <div className={classes.none}>
        <Trans>No free time on this day.</Trans>
        <button type="button" className={classes.link} onClick={() => onDay(daysLater(day, 1))}>
          <Trans>Look at the day after</Trans>
        </button>
      </div>
    );
  }
  const people = [...new Set(times.map((slot) => slot.staff))];
  return (
    <div className={classes.slots} role="group" aria-label={t`Free times`}>
      {(several ? people : people.slice(0, 1)).map((id) => {
        const own = times.filter((slot) => slot.staff === id);
        const most = several ? 8 : 24;
        const shown = all ? own : own.slice(0, most);
        return (
          <div key={id} className={classes.slotRow}>
            {several && (
              <span className={classes.slotName}>
                <Avatar name={nameOf(id)} size={18} /> {nameOf(id)}
              </span>
            )}
            <div className={classes.chips}>
              {shown.map((slot) => (
                <button
                  key={slot.at}
                  type="button"
                  className={classes.chip}
                  aria-pressed={chosen === `${slot.staff} ${slot.at}`}
                  aria-label={several ? `${clockOf(slot.at)}, ${nameOf(id)}` : clockOf(slot.at)}
                  onClick={() => onChoose(slot)}
                >
                  {clockOf(slot.at)}
                </button>
              ))}
              {!all && own.length > most && (
                <button type="button" className={classes.link} onClick={() => setAll(true)}>
                  <Trans>More times</Trans>
                </button>
              )}
            </div>
          </div>
        );
      })}
    </div>
  );
}
