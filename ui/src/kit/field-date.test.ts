import { expect, test } from 'vitest';
import { readDate, typedDate } from './field-date';

test.each([
  ['16.07.1986', 'dmy', '1986-07-16'],
  ['16.7.86', 'dmy', '1986-07-16'],
  ['7/16/1986', 'mdy', '1986-07-16'],
  ['1986-07-16', 'dmy', '1986-07-16'],
  ['16.07', 'dmy', '--07-16'],
  ['29.02', 'dmy', '--02-29'],
  ['30.02.2026', 'dmy', null],
  ['soon', 'dmy', null],
  ['1.2.3.4', 'dmy', null],
])('%s typed as %s is %s', (typed, way, stored) => {
  expect(readDate(typed, true, way)).toBe(stored);
});

test('a day without a year is refused where a year is needed', () => {
  expect(readDate('16.07', false, 'dmy')).toBeNull();
});

test('a stored date is shown as it would be typed', () => {
  for (const way of ['dmy', 'mdy', 'ymd']) {
    expect(readDate(typedDate('1986-07-16', way), true, way)).toBe('1986-07-16');
  }
  expect(typedDate('--07-16', 'dmy')).toBe('16.07');
});
