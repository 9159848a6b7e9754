/**
 * Times as the clock on the wall of the firm shows them, "2026-11-27T09:30",
 * whatever zone the browser is in. Reckoning with them never meets a change of
 * clocks; only the way from and to moments does.
 */
export type Wall = string;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string) {
  let known = formats.get(zone);
  if (!known) {
    known = new Intl.DateTimeFormat('en-CA-u-hc-h23', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, known);
  }
  return known;
}

// A week of twelve people asks for the same few moments some thousand times.
const known = new Map<string, Wall>();
const most = 5000;

/** What the clock of the zone shows at a moment. */
export function wallOf(moment: string | Date, zone: string): Wall {
  if (typeof moment !== 'string') return reckoned(moment, zone);
  const key = `${zone} ${moment}`;
  let wall = known.get(key);
  if (wall === undefined) {
    wall = reckoned(new Date(moment), zone);
    if (known.size >= most) known.clear();
    known.set(key, wall);
  }
  return wall;
}

function reckoned(at: Date, zone: string): Wall {
  const part: Record<string, string> = {};
  for (const { type, value } of format(zone).formatToParts(at)) part[type] = value;
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

const utc = (wall: Wall) => Date.parse(`${wall.length === 10 ? `${wall}T00:00` : wall}Z`);

/** The moment at which the clock of the zone shows this; in an hour that is left out, the one after it. */
export function momentOf(wall: Wall, zone: string): string {
  const wanted = utc(wall);
  let at = wanted;
  // Twice, for the offset may differ between the guess and the moment.
  for (let round = 0; round < 2; round++) at += wanted - utc(wallOf(new Date(at), zone));
  return new Date(at).toISOString();
}

/** So many minutes later by the clock. */
export const later = (wall: Wall, minutes: number): Wall =>
  new Date(utc(wall) + minutes * 60_000).toISOString().slice(0, 16);

export const dayOf = (wall: Wall) => wall.slice(0, 10);
export const clockOf = (wall: Wall) => wall.slice(11, 16);

export const daysLater = (day: string, days: number) => later(day, days * 1440).slice(0, 10);

/** Minutes from one to the other. */
export const minutesBetween = (from: Wall, to: Wall) => Math.round((utc(to) - utc(from)) / 60_000);

/** Minutes since midnight, and back. */
export const minuteOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
export const clockAt = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** The Monday of the week of a day. */
export function mondayOf(day: string) {
  const weekday = new Date(`${day}T00:00Z`).getUTCDay();
  return daysLater(day, -((weekday + 6) % 7));
}

/** A day for a formatter that is told to write UTC. */
export const asDate = (wall: Wall) => new Date(utc(wall));
