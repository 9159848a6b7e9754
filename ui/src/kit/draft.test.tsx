import { fireEvent, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useDraft } from './draft';
import { show } from './testing/kit';

interface Sent {
  once: string;
  body: unknown;
  answer: (status: number) => void;
}

/** What was sent to the server; each waits until the test answers it. */
let sent: Sent[] = [];

beforeEach(() => {
  sent = [];
  sessionStorage.clear();
  vi.stubGlobal('fetch', async (address: string | Request, init?: RequestInit) => {
    const asked = new Request(
      new URL(typeof address === 'string' ? address : address.url, 'http://house'),
      init,
    );
    const body: unknown = JSON.parse(await asked.text());
    return new Promise<Response>((done, fail) =>
      sent.push({
        once: asked.headers.get('Idempotency-Key') ?? '',
        body,
        answer: (status) =>
          status ? done(Response.json({ id: 'comment_1' }, { status })) : fail(new TypeError('no network')),
      }),
    );
  });
});
afterEach(() => vi.unstubAllGlobals());

const made = vi.fn();
beforeEach(() => made.mockClear());

function Box({ about }: { about: string }) {
  const { typed, type, send, busy } = useDraft(`draft.${about}`);
  return (
    <>
      <input aria-label="text" value={typed} onChange={(event) => type(event.currentTarget.value)} />
      <button
        type="button"
        data-busy={busy}
        onClick={async () => {
          if (await send('comments', (text) => ({ text, about }))) made(about);
        }}
      >
        send
      </button>
    </>
  );
}

/** Two records after one another in the same part of the page. */
function Boxes() {
  const [about, setAbout] = useState('one');
  return (
    <>
      <Box about={about} />
      <button type="button" onClick={() => setAbout(about === 'one' ? 'two' : 'one')}>
        other
      </button>
    </>
  );
}

const box = () => screen.getByLabelText<HTMLInputElement>('text');
const type = (text: string) => fireEvent.change(box(), { target: { value: text } });
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const asked = (times: number) => waitFor(() => expect(sent).toHaveLength(times));
const free = () =>
  waitFor(() => expect(screen.getByRole('button', { name: 'send' }).dataset.busy).toBe('false'));

test('what is typed outlives the part of the page, and goes when it was sent', async () => {
  const { unmount } = show(<Boxes />);
  type(' Tuesday at ten ');
  unmount();
  show(<Boxes />);
  expect(box().value).toBe(' Tuesday at ten ');
  press('send');
  await asked(1);
  expect(sent[0]?.body).toEqual({ text: 'Tuesday at ten', about: 'one' });
  sent[0]?.answer(201);
  await waitFor(() => expect(made).toHaveBeenCalledWith('one'));
  expect(box().value).toBe('');
  expect(sessionStorage.length).toBe(0);
});

test('a failure keeps what was typed; the same again is the same thing, another text another one', async () => {
  show(<Boxes />);
  type('first');
  press('send');
  await asked(1);
  sent[0]?.answer(0);
  await free();
  expect(box().value).toBe('first');
  expect(made).not.toHaveBeenCalled();
  press('send');
  await asked(2);
  sent[1]?.answer(0);
  await free();
  expect(sent[1]?.once).toBe(sent[0]?.once);
  type('second');
  press('send');
  await asked(3);
  expect(sent[2]?.once).not.toBe(sent[0]?.once);
  sent[2]?.answer(201);
  await free();
  type('second');
  press('send');
  await asked(4);
  expect(sent[3]?.once).not.toBe(sent[2]?.once);
});

test('two presses send once, and what is typed meanwhile stays', async () => {
  show(<Boxes />);
  type('first');
  press('send');
  press('send');
  await asked(1);
  type('first and more');
  sent[0]?.answer(201);
  await free();
  expect(sent).toHaveLength(1);
  expect(box().value).toBe('first and more');
  expect(sessionStorage.getItem('draft.one')).toBe('first and more');
});

test('each place has its own text, also while another one is on its way', async () => {
  show(<Boxes />);
  type('of one');
  press('send');
  await asked(1);
  press('other');
  expect(box().value).toBe('');
  type('of two');
  sent[0]?.answer(201);
  await free();
  expect(box().value).toBe('of two');
  press('other');
  expect(box().value).toBe('');
  press('other');
  expect(box().value).toBe('of two');
});

test('nothing is sent of blanks', async () => {
  show(<Boxes />);
  type('   ');
  press('send');
  await new Promise((done) => setTimeout(done, 20));
  expect(sent).toHaveLength(0);
});
