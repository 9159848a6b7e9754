import { expect, test } from 'vitest';
import { clockAt, daysLater, later, minuteOf, minutesBetween, momentOf, mondayOf, wallOf } from './wall';

const zone = 'Europe/Warsaw';

test('ten on the wall stays ten on both sides of a change of clocks', () => {
  expect(momentOf('2026-10-24T10:00', zone)).toBe('2026-10-24T08:00:00.000Z');
  expect(momentOf('2026-10-26T10:00', zone)).toBe('2026-10-26T09:00:00.000Z');
  expect(wallOf('2026-10-26T09:00:00Z', zone)).toBe('2026-10-26T10:00');
  expect(momentOf(later('2026-10-24T10:00', 2 * 1440), zone)).toBe('2026-10-26T09:00:00.000Z');
});

test('every quarter of an hour comes back from its moment, but for those that do not exist', () => {
  for (const one of [zone, 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC']) {
    for (let minute = 0; minute < 1440; minute += 15) {
      for (const day of ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01', '2026-07-01']) {
        const wall = later(day, minute);
        const back = wallOf(momentOf(wall, one), one);
        if (back !== wall) expect(minutesBetween(wall, back)).toBeLessThanOrEqual(60);
        else expect(back).toBe(wall);
      }
    }
  }
});

test('midnight is the beginning of its day and not the end of one', () => {
  expect(wallOf('2026-11-26T23:00:00Z', zone)).toBe('2026-11-27T00:00');
  expect(momentOf('2026-11-27', zone)).toBe('2026-11-26T23:00:00.000Z');
});

test('weeks begin on Monday, and days pass months', () => {
  expect(mondayOf('2026-11-27')).toBe('2026-11-23');
  expect(mondayOf('2026-11-29')).toBe('2026-11-23');
  expect(mondayOf('2026-11-23')).toBe('2026-11-23');
  expect(daysLater('2026-11-30', 1)).toBe('2026-12-01');
  expect(clockAt(minuteOf('09:45') + 30)).toBe('10:15');
});
