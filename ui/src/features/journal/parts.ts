import type { Agenda, Column, Stretch, Visit } from '../../api/journal';
import {
  clockOf,
  dayOf,
  daysLater,
  later,
  minuteOf,
  minutesBetween,
  type Wall,
  wallOf,
} from '../../kit/wall';

/** An appointment on the clock of the firm. */
export interface Placed {
  visit: Visit;
  from: Wall;
  to: Wall;
  staff: string;
}

export const placed = (visit: Visit, zone: string): Placed => ({
  visit,
  from: wallOf(visit.starts_at, zone),
  to: wallOf(visit.ends_at, zone),
  staff: visit.responsible?.id ?? '',
});

interface Span {
  staff: string;
  from: Wall;
  to: Wall;
}

const onWall = (stretch: Stretch, zone: string): Span => ({
  staff: stretch.staff,
  from: wallOf(stretch.from, zone),
  to: wallOf(stretch.to, zone),
});

/** When each person does not work, between two moments of the clock. */
export function off(agenda: Agenda, columns: Column[], first: string, after: string): Span[] {
  const hours = agenda.hours.map((each) => onWall(each, agenda.time_zone));
  const all: Span[] = [];
  for (const { id } of columns) {
    const own = hours.filter((each) => each.staff === id).sort((a, b) => (a.from < b.from ? -1 : 1));
    for (let day = first; day < after; day = daysLater(day, 1)) {
      const end: Wall = `${daysLater(day, 1)}T00:00`;
      let at: Wall = `${day}T00:00`;
      for (const span of own.filter((each) => dayOf(each.from) === day)) {
        if (at < span.from) all.push({ staff: id, from: at, to: span.from });
        if (at < span.to) at = span.to;
      }
      if (at < end) all.push({ staff: id, from: at, to: end });
    }
  }
  return all;
}

export const busyOn = (agenda: Agenda): Span[] => agenda.busy.map((each) => onWall(each, agenda.time_zone));

/** From which hour to which a day is shown: working hours and whatever lies outside of them. */
export function frame(agenda: Agenda | undefined, shown: Placed[], now?: Wall): [number, number] {
  let from = 24 * 60;
  let to = 0;
  if (agenda) {
    const all = [...agenda.hours.map((each) => onWall(each, agenda.time_zone)), ...busyOn(agenda), ...shown];
    for (const each of all) {
      from = Math.min(from, minuteOf(clockOf(each.from)));
      const ends = dayOf(each.to) > dayOf(each.from) ? 24 * 60 : minuteOf(clockOf(each.to));
      to = Math.max(to, ends);
    }
  }
  if (from >= to) return [8, 20];
  // The line of now is worth an hour or two more.
  if (now) {
    const minute = minuteOf(clockOf(now));
    if (minute < from && from - minute <= 120) from = minute;
    if (minute > to && minute - to <= 120) to = minute + 1;
  }
  return [Math.max(0, Math.floor(from / 60)), Math.min(24, Math.ceil(to / 60))];
}

/** How much of a person's working time on a day is taken, in minutes. */
export function load(agenda: Agenda, shown: Placed[], staff: string, day: string) {
  const works = agenda.hours
    .map((each) => onWall(each, agenda.time_zone))
    .filter((each) => each.staff === staff && dayOf(each.from) === day)
    .reduce((sum, each) => sum + minutesBetween(each.from, each.to), 0);
  const booked = shown.filter(
    (each) => each.staff === staff && dayOf(each.from) === day && each.visit.status !== 'cancelled',
  );
  const mine = booked.filter((each) => takes(each.visit));
  const taken =
    mine.reduce((sum, each) => sum + minutesBetween(each.from, each.to), 0) +
    busyOn(agenda)
      .filter((each) => each.staff === staff && dayOf(each.from) === day)
      .reduce((sum, each) => sum + minutesBetween(each.from, each.to), 0);
  return { works, taken, count: booked.length };
}

/** Whether it takes anybody's time. */
export const takes = (visit: Visit) => visit.status !== 'cancelled' && visit.status !== 'no_show';

/** A beginning that is rounded to the grid of a quarter of an hour. */
export const rounded = (wall: Wall): Wall =>
  later(dayOf(wall), Math.round(minuteOf(clockOf(wall)) / 15) * 15);
