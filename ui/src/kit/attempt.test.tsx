import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { Problem } from '../api/http';
import { Refusal, useAttempt } from './attempt';
import { accessible, show } from './testing/kit';

interface Going {
  done: () => void;
  fail: (why: unknown) => void;
}

/** What was begun; each waits until the test ends it. */
let begun: Going[] = [];
beforeEach(() => {
  begun = [];
});

function Dialog() {
  const { busy, failure, setFailure, attempt } = useAttempt();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(() => new Promise<void>((done, fail) => begun.push({ done, fail })));
      }}
    >
      <Refusal failure={failure} />
      <button type="submit" data-busy={busy}>
        save
      </button>
      <button type="button" onClick={() => setFailure(null)}>
        clear
      </button>
    </form>
  );
}

const refused = () => new Problem(409, { code: 'of.a.test', detail: 'Move them first.' });
const save = () => fireEvent.submit(screen.getByText('save').closest('form') as Element);
const busy = (is: boolean) => waitFor(() => expect(screen.getByText('save').dataset.busy).toBe(String(is)));

test('a failure is said where it happened, and another try takes it away', async () => {
  const { container } = show(<Dialog />);
  expect(screen.queryByRole('alert')).toBeNull();
  save();
  await busy(true);
  begun[0]?.fail(refused());
  expect((await screen.findByRole('alert')).textContent).toBe('Move them first.');
  await accessible(container);
  await busy(false);
  save();
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  begun[1]?.done();
  await busy(false);
  expect(screen.queryByRole('alert')).toBeNull();
  expect(begun).toHaveLength(2);
});

test('two presses of Enter do it once, and again only when it is over', async () => {
  show(<Dialog />);
  save();
  save();
  await busy(true);
  save();
  expect(begun).toHaveLength(1);
  begun[0]?.done();
  await busy(false);
  save();
  expect(begun).toHaveLength(2);
});

test('a failure goes with what was typed when that is cleared', async () => {
  show(<Dialog />);
  save();
  begun[0]?.fail(refused());
  await screen.findByRole('alert');
  fireEvent.click(screen.getByText('clear'));
  expect(screen.queryByRole('alert')).toBeNull();
});
