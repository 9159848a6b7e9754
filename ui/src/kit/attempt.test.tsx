import { fireEvent, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
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
  const { busy, failure, clear, attempt } = useAttempt();
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
      <button type="button" onClick={clear}>
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

/** A form with a draft of its own: what was sent, under which key, and whether the answer came. */
let asked: { text: string; once: string }[] = [];
let answers = true;
beforeEach(() => {
  asked = [];
  answers = true;
  sessionStorage.clear();
});

function Form({ place = null }: { place?: string | null }) {
  const [text, setText] = useState('');
  const { busy, clear, attempt } = useAttempt(place);
  const send = () =>
    attempt(async (once) => {
      asked.push({ text, once: once({ text }) });
      if (!answers) throw new TypeError('no network');
    });
  return (
    <>
      <input aria-label="text" value={text} onChange={(event) => setText(event.currentTarget.value)} />
      <button type="button" data-busy={busy} onClick={() => void send()}>
        save
      </button>
      <button type="button" onClick={() => void attempt(async () => {})}>
        look
      </button>
      <button type="button" onClick={clear}>
        clear
      </button>
    </>
  );
}

const type = (text: string) => fireEvent.change(screen.getByLabelText('text'), { target: { value: text } });
async function press(name: string) {
  fireEvent.click(screen.getByText(name));
  await waitFor(() => expect(screen.getByText('save').dataset.busy).toBe('false'));
}
const keys = () => asked.map((each) => each.once);

test('tried again unchanged after a lost answer it keeps its key; changed, it has another', async () => {
  show(<Form />);
  answers = false;
  type('roses');
  await press('save');
  await press('save');
  type('lilies');
  await press('save');
  type('roses');
  await press('save');
  const [first, again, changed, back] = keys();
  expect(first).toBeTruthy();
  expect(again).toBe(first);
  expect(changed).not.toBe(first);
  expect(back).toBe(first);
});

test('what is done is done: the same once more is another', async () => {
  show(<Form />);
  type('roses');
  await press('save');
  await press('save');
  expect(new Set(keys()).size).toBe(2);
});

test('an emptied form begins another thing', async () => {
  show(<Form />);
  answers = false;
  type('roses');
  await press('save');
  await press('clear');
  await press('save');
  expect(new Set(keys()).size).toBe(2);
});

test('a look in between takes no key away', async () => {
  show(<Form />);
  answers = false;
  type('roses');
  await press('save');
  await press('look');
  await press('save');
  expect(new Set(keys()).size).toBe(1);
});

test.each([
  ['with its draft', 'draft.flowers', 1],
  ['not without one', null, 2],
])('the key outlives a dialog that was closed: %s', async (_, place, different) => {
  const first = show(<Form place={place} />);
  answers = false;
  type('roses');
  await press('save');
  first.unmount();
  const second = show(<Form place={place} />);
  type('roses');
  answers = true;
  await press('save');
  expect(new Set(keys()).size).toBe(different);
  // And it is gone once the answer has come.
  second.unmount();
  show(<Form place={place} />);
  type('roses');
  await press('save');
  expect(new Set(keys()).size).toBe(different + 1);
  expect(sessionStorage.length).toBe(0);
});
