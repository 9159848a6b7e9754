import { render } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { type Chip, WeekTable } from './week-table';

afterEach(() => vi.useRealTimers());

const days = [
  '2026-11-23',
  '2026-11-24',
  '2026-11-25',
  '2026-11-26',
  '2026-11-27',
  '2026-11-28',
  '2026-11-29',
];
const columns = Array.from({ length: 12 }, (_, n) => ({ id: `p${n}`, name: `Person ${n}` }));
const chip = (staff: string, day: string, n: number): Chip => ({
  id: `${staff} ${day} ${n}`,
  label: `${n}`,
  status: 'waiting',
  time: `1${n}:00`,
  who: 'Nora Fields',
  what: '',
  repeats: false,
  noted: false,
  quick: [],
  movable: true,
  marked: false,
  staff,
  day,
  past: false,
});
const all = columns.flatMap(({ id }) =>
  days.flatMap((day) => Array.from({ length: 8 }, (_, n) => chip(id, day, n))),
);

const table = (chips: Chip[]) => (
  <WeekTable
    columns={columns}
    day="2026-11-23"
    today="2026-11-27"
    chips={chips}
    off={new Set()}
    onDay={() => {}}
    onPut={() => {}}
    onDrawn={() => {}}
  />
);
const drawn = (box: HTMLElement) => box.querySelectorAll('.visit').length;

test('what is in sight is drawn at once, and what begins below the screen a moment later', () => {
  vi.useFakeTimers();
  window.innerHeight = 800;
  const { container } = render(table(all));
  // Rows of 213 pixels: the fifth begins below the screen.
  expect(drawn(container)).toBe(4 * 7 * 8);
  for (const cell of container.querySelectorAll<HTMLElement>('[data-cell]'))
    expect(cell.style.getPropertyValue('--chips')).toBe('8'); // its height is there before its chips
  vi.runAllTimers();
  expect(drawn(container)).toBe(12 * 7 * 8);
});

test('a chip that changes later is drawn at once, wherever it is', () => {
  vi.useFakeTimers();
  window.innerHeight = 800;
  const { container, rerender } = render(table(all));
  vi.runAllTimers();
  const last = all.length - 1;
  rerender(table(all.map((each, n) => (n === last ? { ...each, who: 'Zoe Lane' } : each))));
  expect(container.textContent).toContain('Zoe Lane');
});
