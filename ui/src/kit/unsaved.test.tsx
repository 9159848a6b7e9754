import {
  createBrowserHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { i18n, restOfWords } from '../text';
import { sessionEnded } from './ended';
import { accessible, show } from './testing/kit';
import { over, Unsaved, useChanges, useUnsaved } from './unsaved';

interface Saved {
  version: number;
  name: string;
  note: string;
}

let server: Saved = { version: 1, name: 'Ana', note: '' };
let refuses = false;
let elsewhere: (next: Saved) => void = () => {};

beforeEach(() => {
  server = { version: 1, name: 'Ana', note: '' };
  refuses = false;
  window.history.replaceState(null, '', '/form');
});

// Its first fetching takes longer than a test waits.
beforeAll(() => Promise.all([import('./rest'), import('./unsaved-question'), restOfWords()]));

let close = () => {};
afterEach(() => {
  close();
  i18n.activate('en');
});

/** A part of a page: two boxes and a button. The server trims what it is sent. */
function Form() {
  const [saved, setSaved] = useState(server);
  elsewhere = setSaved;
  const { draft, changed, set, reset, settled } = useChanges(saved);
  return (
    <>
      {(['name', 'note'] as const).map((name) => (
        <input
          key={name}
          aria-label={name}
          value={draft[name]}
          onChange={(event) => set({ ...draft, [name]: event.currentTarget.value })}
        />
      ))}
      <output>{changed ? 'changed' : 'as saved'}</output>
      <button
        type="button"
        onClick={() => {
          if (refuses || draft.version !== server.version) return;
          server = { version: server.version + 1, name: draft.name.trim(), note: draft.note.trim() };
          settled(draft);
          setSaved(server);
        }}
      >
        save
      </button>
      <button type="button" onClick={reset}>
        take back
      </button>
    </>
  );
}

/** Another part of the same page. */
function Other() {
  const [text, setText] = useState('');
  const end = useUnsaved(text !== '');
  return (
    <>
      <input aria-label="other" value={text} onChange={(event) => setText(event.currentTarget.value)} />
      <button
        type="button"
        onClick={() => {
          end();
          void router.navigate({ to: '/away' } as never);
        }}
      >
        done
      </button>
    </>
  );
}

let router: ReturnType<typeof make>;

function make() {
  const root = createRootRoute({ component: Outlet });
  const history = createBrowserHistory();
  close = () => history.destroy();
  return createRouter({
    history,
    routeTree: root.addChildren([
      createRoute({
        getParentRoute: () => root,
        path: '/form',
        component: () => (
          <Unsaved>
            <Form />
            <Other />
          </Unsaved>
        ),
      }),
      createRoute({ getParentRoute: () => root, path: '/away', component: () => <p>away</p> }),
    ]),
  });
}

async function open() {
  router = make();
  const shown = show(<RouterProvider router={router as never} />);
  await screen.findByLabelText('name');
  return shown;
}

const type = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
const value = (label: string) => screen.getByLabelText<HTMLInputElement>(label).value;
const press = (name: string) => fireEvent.click(screen.getByText(name));
const go = () => act(async () => void router.navigate({ to: '/away' } as never));
const question = () => screen.findByRole('dialog', { name: 'Leave without saving?' }, { timeout: 5000 });
const away = () => screen.findByText('away');

/** Whether the browser would ask before it closes the tab. */
function closing() {
  const event = new Event('beforeunload', { cancelable: true });
  window.dispatchEvent(event);
  return event.defaultPrevented;
}

test('a page on which nothing was changed asks nothing', async () => {
  await open();
  expect(closing()).toBe(false);
  await go();
  await away();
});

test('a page with a change asks before a link, and before the tab is closed; who stays has it still', async () => {
  await open();
  type('name', 'Ana Lopez');
  expect(closing()).toBe(true);
  await go();
  const dialog = await question();
  await accessible(dialog);
  fireEvent.click(screen.getByRole('button', { name: 'Stay' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(value('name')).toBe('Ana Lopez');
  expect(window.location.pathname).toBe('/form');
});

test('who leaves without saving leaves, and is asked once, however many parts are changed', async () => {
  await open();
  type('name', 'Ana Lopez');
  type('other', 'something');
  await go();
  await question();
  fireEvent.click(screen.getByRole('button', { name: 'Leave without saving' }));
  await away();
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(closing()).toBe(false);
});

test('the way back asks, too', async () => {
  window.history.replaceState(null, '', '/away');
  router = make();
  show(<RouterProvider router={router as never} />);
  await away();
  await act(async () => void router.navigate({ to: '/form' } as never));
  await screen.findByLabelText('name');
  type('name', 'Ana Lopez');
  await act(async () => window.history.back());
  await question();
  fireEvent.click(screen.getByRole('button', { name: 'Stay' }));
  await waitFor(() => expect(window.location.pathname).toBe('/form'));
  expect(value('name')).toBe('Ana Lopez');
});

test.each([
  ['a save, also where the server writes it otherwise', ' Ana Lopez ', 'save', 'Ana Lopez'],
  ['a save that comes to what was there', 'Ana ', 'save', 'Ana'],
  ['taking it back', 'Ana Lopez', 'take back', 'Ana'],
])('nothing is asked after %s', async (_, typed, button, then) => {
  await open();
  type('name', typed);
  expect(screen.getByRole('status').textContent).toBe('changed');
  press(button);
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('as saved'));
  expect(value('name')).toBe(then);
  expect(closing()).toBe(false);
  await go();
  await away();
});

test('a refused save is still a change', async () => {
  await open();
  refuses = true;
  type('name', 'Ana Lopez');
  press('save');
  await go();
  await question();
});

test('a session that is over holds nothing back', async () => {
  await open();
  type('name', 'Ana Lopez');
  act(() => sessionEnded());
  expect(closing()).toBe(false);
  await go();
  await away();
});

test('a step that ends the change is not asked about', async () => {
  await open();
  type('other', 'something');
  press('done');
  await away();
});

test('what somebody else saves is taken in, and takes away nothing that was typed', async () => {
  await open();
  act(() => elsewhere({ version: 2, name: 'Anna', note: '' }));
  expect(value('name')).toBe('Anna');
  type('name', 'Ana Lopez');
  act(() => elsewhere({ version: 3, name: 'Anna', note: 'by Ben' }));
  expect([value('name'), value('note')]).toEqual(['Ana Lopez', 'by Ben']);
});

test('where both change the same the draft keeps the version it was begun on', () => {
  const base = { version: 1, name: 'Ana', note: '' };
  const draft = { ...base, name: 'Ana Lopez' };
  expect(over(base, draft, { version: 2, name: 'Ana', note: 'n' })).toEqual({
    version: 2,
    name: 'Ana Lopez',
    note: 'n',
  });
  expect(over(base, draft, { version: 2, name: 'Anna', note: '' })).toBeNull();
  expect(over(base, draft, { version: 2, name: 'Ana Lopez', note: '' })).toEqual({
    version: 2,
    name: 'Ana Lopez',
    note: '',
  });
});
