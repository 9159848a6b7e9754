import { type DragEvent, Fragment, memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Column } from '../../api/journal';
import { whenIdle } from '../../kit/idle';
import { asDate, daysLater } from '../../kit/wall';
import { formatter } from '../../text';
import { draw, type Face } from './face';
import classes from './week-table.module.css';

export interface Chip extends Face {
  staff: string;
  day: string;
  past: boolean;
}

interface Props {
  columns: Column[];
  /** The first of the seven days. */
  day: string;
  today: string;
  /** In the order of the clock. */
  chips: Chip[];
  /** Days on which somebody does not work at all, as "staff day". */
  off: Set<string>;
  onDay: (day: string, staff?: string) => void;
  onPut: (id: string, staff: string, day: string) => void;
  /** Chips were drawn anew, and what had the focus may be another element. */
  onDrawn: () => void;
}

/**
 * A week with a row per person: appointments stand as chips below each other in
 * their day, and are dragged to another day or person. It asks for the size of
 * nothing, so that hundreds of chips are there at once; rows that begin below
 * the screen have their height at once, and their chips a moment later.
 */
export function WeekTable({ columns, day, today, chips, off, onDay, onPut, onDrawn }: Props) {
  const days = Array.from({ length: 7 }, (_, index) => daysLater(day, index));
  const cells = useMemo(() => {
    const all = new Map<string, Chip[]>();
    for (const chip of chips) {
      const place = `${chip.staff} ${chip.day}`;
      const there = all.get(place);
      if (there) there.push(chip);
      else all.set(place, [chip]);
    }
    return all;
  }, [chips]);
  let above = 0;
  const dragged = useRef('');
  const [over, setOver] = useState('');
  const short = formatter(Intl.DateTimeFormat, { timeZone: 'UTC', weekday: 'short', day: 'numeric' });
  const long = formatter(Intl.DateTimeFormat, {
    timeZone: 'UTC',
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  });

  const cellOf = (event: DragEvent) => (event.target as HTMLElement).closest<HTMLElement>('[data-cell]');

  function end() {
    dragged.current = '';
    setOver('');
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys do the same to the chips inside
    <div
      className={classes.table}
      onDragStart={(event) => {
        const chip = (event.target as HTMLElement).closest<HTMLElement>('[data-visit]');
        if (!chip) return;
        dragged.current = chip.dataset.visit ?? '';
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData('application/x-castellan', '1'); // no browser drags nothing; other pages learn nothing
      }}
      onDragOver={(event) => {
        const cell = dragged.current ? cellOf(event)?.dataset.cell : undefined;
        setOver(cell ?? '');
        if (cell) event.preventDefault();
      }}
      onDrop={(event) => {
        const [staff, to] = cellOf(event)?.dataset.cell?.split(' ') ?? [];
        if (!dragged.current || !staff || !to) return;
        event.preventDefault();
        onPut(dragged.current, staff, to);
        end();
      }}
      onDragEnd={end}
    >
      <div className={classes.corner} />
      {days.map((each) => (
        <button
          key={each}
          type="button"
          className={classes.day}
          data-today={each === today || undefined}
          title={long.format(asDate(each))}
          onClick={() => onDay(each)}
        >
          {short.format(asDate(each))}
        </button>
      ))}
      {columns.map((column) => {
        const below = above > window.innerHeight;
        above += Math.max(...days.map((each) => heightOf(cells.get(`${column.id} ${each}`)?.length ?? 0)));
        return (
          <Fragment key={column.id}>
            <div className={classes.person}>
              <span className="person-name">{column.name}</span>
              {column.position && <span className="person-under">{column.position}</span>}
            </div>
            {days.map((each) => {
              const place = `${column.id} ${each}`;
              return (
                <Cell
                  key={each}
                  place={place}
                  chips={cells.get(place) ?? none}
                  off={off.has(place)}
                  over={over === place}
                  below={below}
                  onDay={onDay}
                  onDrawn={onDrawn}
                />
              );
            })}
          </Fragment>
        );
      })}
    </div>
  );
}

/** How high a cell of so many chips is, in pixels; its styles say the same. */
const heightOf = (chips: number) => Math.max(48, chips * 26 + 5);

const none: Chip[] = [];

const Cell = memo(
  function Cell({
    place,
    chips,
    off,
    over,
    below,
    onDay,
    onDrawn,
  }: {
    place: string;
    chips: Chip[];
    off: boolean;
    over: boolean;
    /** Whether it begins below the screen, where its chips can wait until the others are there. */
    below: boolean;
    onDay: Props['onDay'];
    onDrawn: () => void;
  }) {
    const box = useRef<HTMLDivElement>(null);
    const waits = useRef(below);
    useLayoutEffect(() => {
      function put() {
        waits.current = false;
        box.current?.replaceChildren(
          ...chips.map((chip) => {
            const drawn = draw(chip);
            drawn.draggable = chip.movable;
            if (chip.past) drawn.classList.add('past');
            return drawn;
          }),
        );
        onDrawn();
      }
      if (waits.current) return whenIdle(put, 500);
      put();
      return undefined;
    }, [chips, onDrawn]);
    const [staff, day] = place.split(' ') as [string, string];
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: the head of the day is a button that does the same
      // biome-ignore lint/a11y/useKeyWithClickEvents: the head of the day is a button that does the same
      <div
        ref={box}
        className={classes.cell}
        data-cell={place}
        style={{ ['--chips' as string]: chips.length }}
        data-off={off || undefined}
        data-over={over || undefined}
        onClick={(event) => {
          if (event.target === event.currentTarget) onDay(day, staff);
        }}
      />
    );
  },
  (was, is) =>
    was.place === is.place &&
    was.off === is.off &&
    was.over === is.over &&
    JSON.stringify(was.chips) === JSON.stringify(is.chips),
);
