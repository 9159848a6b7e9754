import { expect, test } from 'vitest';
import { dayWords, holdsNow } from './terms-words';

const office = [
  { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '09:00', to: '18:00' },
];
const night = [{ days: ['saturday'], from: '22:00', to: '06:00' }];

test('hours follow the clock on the wall', () => {
  for (const [hours, at, held] of [
    [office, '2026-03-27T08:00:00Z', true],
    [office, '2026-03-27T07:59:00Z', false],
    [office, '2026-03-30T07:00:00Z', true],
    [office, '2026-03-30T16:00:00Z', false],
    [night, '2026-03-28T21:00:00Z', true],
    [night, '2026-03-29T03:30:00Z', true],
    [night, '2026-03-29T04:00:00Z', false],
    [[{ days: ['sunday'], from: '00:00', to: '00:00' }], '2026-03-29T12:00:00Z', true],
    [[], '2026-03-29T12:00:00Z', true],
  ] as const) {
    expect([
      at,
      holdsNow(
        hours.map((each) => ({ ...each, days: [...each.days] })),
        'Europe/Warsaw',
        new Date(at),
      ),
    ]).toEqual([at, held]);
  }
});

test('the week begins on Monday', () => {
  expect(dayWords('en', 'long')[0]).toBe('Monday');
  expect(dayWords('pl', 'long')[6]).toBe('niedziela');
});
