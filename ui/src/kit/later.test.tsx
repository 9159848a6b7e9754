import { act, render, screen } from '@testing-library/react';
import { Suspense, useState } from 'react';
import { expect, test } from 'vitest';
import { part } from './later';

function Counter({ from }: { from: number }) {
  const [count, setCount] = useState(from);
  return (
    <button type="button" onClick={() => setCount(count + 1)}>
      {count}
    </button>
  );
}

const code = () => Promise.resolve({ default: Counter });

test('a part whose code is there is drawn at once, without its stand-in', async () => {
  const Part = part(code);
  await Part.ahead();
  render(
    <Suspense fallback="waiting">
      <Part from={3} />
    </Suspense>,
  );
  expect(screen.queryByText('waiting')).toBeNull();
  expect(screen.getByRole('button').textContent).toBe('3');
});

test('a part whose code is not there waits for it, and stays what it is once it has come', async () => {
  let come: (found: { default: typeof Counter }) => void = () => {};
  const Part = part(() => new Promise<{ default: typeof Counter }>((done) => (come = done)));
  const page = (from: number) => (
    <Suspense fallback="waiting">
      <Part from={from} />
    </Suspense>
  );
  const { rerender } = render(page(1));
  screen.getByText('waiting');
  await act(async () => come({ default: Counter }));
  act(() => screen.getByRole('button').click());
  expect(screen.getByRole('button').textContent).toBe('2');
  rerender(page(7)); // drawn again, it does not begin anew
  expect(screen.getByRole('button').textContent).toBe('2');
});
