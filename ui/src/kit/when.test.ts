import { expect, test } from 'vitest';
import { calendarDate, human } from './when';

const now = new Date(2026, 10, 22, 15, 0);

test('times are said as people say them', () => {
  expect(human(new Date(2026, 10, 22, 14, 5), now)).toBe('14:05');
  expect(human(new Date(2026, 10, 21, 23, 59), now)).toBe('yesterday 23:59');
  expect(human(new Date(2026, 10, 23, 9, 0), now)).toBe('tomorrow 09:00');
  expect(human(new Date(2026, 2, 3, 9, 0), now)).not.toMatch(/2026/);
  expect(human(new Date(2024, 2, 3, 9, 0), now)).toMatch(/2024/);
});

test('a birthday without a year shows none', () => {
  expect(calendarDate('--07-16')).toMatch(/July/);
  expect(calendarDate('--07-16')).not.toMatch(/\d{4}/);
  expect(calendarDate('1986-07-16')).toMatch(/1986/);
  expect(calendarDate('soon')).toBe('soon');
});
