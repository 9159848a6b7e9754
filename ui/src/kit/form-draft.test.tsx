import { Modal } from '@mantine/core';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { beforeEach, expect, test, vi } from 'vitest';
import { useFormDraft } from './form-draft';
import { show } from './testing/kit';

beforeEach(() => sessionStorage.clear());

interface Draft {
  text: string;
  to?: string;
}

function Form({ place, to, onClose }: { place: string | null; to?: string; onClose: () => void }) {
  const { draft, left, set, forget, clear } = useFormDraft<Draft>(place, (left) => ({
    text: '',
    ...(to ? { to } : {}),
    ...left,
  }));
  return (
    <Modal opened onClose={onClose} title="form" transitionProps={{ duration: 0 }}>
      <input
        aria-label="text"
        value={draft.text}
        onChange={(event) => set({ text: event.currentTarget.value })}
      />
      <output data-left={left}>{draft.to}</output>
      <button type="button" onClick={() => clear()}>
        clear
      </button>
      <button
        type="button"
        onClick={() => {
          forget();
          onClose();
        }}
      >
        save
      </button>
    </Modal>
  );
}

/** A page from which the dialog is opened for one thing or another. */
function Page({ place = 'draft.one', to }: { place?: string | null; to?: string }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpened(true)}>
        open
      </button>
      {opened && <Form place={place} {...(to ? { to } : {})} onClose={() => setOpened(false)} />}
    </>
  );
}

const box = () => screen.getByLabelText<HTMLInputElement>('text');
const type = (text: string) => fireEvent.change(box(), { target: { value: text } });
const press = (name: string) => fireEvent.click(screen.getByText(name));
const gone = () => waitFor(() => expect(screen.queryByLabelText('text')).toBeNull());

const ways: [string, () => void][] = [
  ['Escape', () => fireEvent.keyDown(box(), { key: 'Escape' })],
  ['a press outside', () => fireEvent.click(document.querySelector('.mantine-Modal-overlay') as Element)],
  ['the cross', () => fireEvent.click(document.querySelector('.mantine-Modal-close') as Element)],
];

test.each(ways)('what is typed is there again after %s', async (_, close) => {
  show(<Page />);
  press('open');
  type('Tuesday at ten');
  close();
  await gone();
  press('open');
  expect(box().value).toBe('Tuesday at ten');
});

test('what is typed outlives the page', () => {
  const { unmount } = show(<Page />);
  press('open');
  type('Tuesday at ten');
  unmount();
  show(<Page />);
  press('open');
  expect(box().value).toBe('Tuesday at ten');
});

test.each(['save', 'clear'])('nothing is left after %s', async (way) => {
  const { unmount } = show(<Page to="Ana" />);
  press('open');
  type('Tuesday at ten');
  press(way);
  if (way === 'clear') expect(box().value).toBe('');
  else expect(sessionStorage.length).toBe(0);
  unmount();
  show(<Page to="Ben" />);
  press('open');
  expect(box().value).toBe('');
});

test('what is typed for one client is not said of another, also where the dialog stays', () => {
  const stays = () => {};
  const forOne = <Form place="draft.ana" to="Ana" onClose={stays} />;
  const forOther = <Form place="draft.ben" to="Ben" onClose={stays} />;
  const { unmount } = show(<Both one={forOne} other={forOther} />);
  type('of Ana');
  press('other');
  expect(box().value).toBe('');
  expect(screen.getByRole('status').textContent).toBe('Ben');
  type('of Ben');
  press('other');
  expect(box().value).toBe('of Ana');
  expect(screen.getByRole('status').textContent).toBe('Ana');
  unmount();
  show(forOther);
  expect(box().value).toBe('of Ben');
});

function Both({ one, other }: { one: React.ReactNode; other: React.ReactNode }) {
  const [first, setFirst] = useState(true);
  return (
    <>
      {first ? one : other}
      <button type="button" onClick={() => setFirst(!first)}>
        other
      </button>
    </>
  );
}

test('without a place nothing is kept', () => {
  const { unmount } = show(<Page place={null} />);
  press('open');
  type('a change of what is there');
  expect(sessionStorage.length).toBe(0);
  unmount();
  show(<Page place={null} />);
  press('open');
  expect(box().value).toBe('');
});

test('what nobody can read is no draft', () => {
  sessionStorage.setItem('draft.one', '{"text":');
  show(<Page />);
  press('open');
  expect(box().value).toBe('');
});

test('a form in which nothing was changed leaves nothing', () => {
  const { unmount } = show(<Page to="Ana" />);
  press('open');
  expect(sessionStorage.length).toBe(0);
  type('Tuesday');
  expect(sessionStorage.length).toBe(1);
  type('');
  expect(sessionStorage.length).toBe(0);
  unmount();
});

test('it says whether what is shown was left, until that is given up', async () => {
  const said = () => screen.getByRole('status').dataset.left;
  const { unmount } = show(<Page />);
  press('open');
  type('Tuesday at ten');
  expect(said()).toBe('false');
  unmount();
  show(<Page />);
  press('open');
  expect(said()).toBe('true');
  press('clear');
  expect(said()).toBe('false');
});

test('what the tab has no room for is still shown, and no older text stands for it', () => {
  show(<Page />);
  press('open');
  type('Tuesday');
  const full = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  type('Tuesday at ten');
  full.mockRestore();
  expect(box().value).toBe('Tuesday at ten');
  expect(sessionStorage.length).toBe(0);
});
