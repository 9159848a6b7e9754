import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { Protected } from './protected';
import { accessible, long, show } from './testing/kit';

test('a value that opens on a click says what it is, opens once, and does not open its row', async () => {
  const open = vi.fn(async () => {});
  const row = vi.fn();
  const { container } = show(
    // biome-ignore lint/a11y/noStaticElementInteractions: stands for a row
    // biome-ignore lint/a11y/useKeyWithClickEvents: stands for a row
    <div onClick={row}>
      <Protected mask="XXXX" sight="click" label="Phones" onReveal={open} />
    </div>,
  );
  fireEvent.click(screen.getByRole('button', { name: 'Show: Phones' }));
  await waitFor(() => expect(open).toHaveBeenCalledTimes(1));
  expect(row).not.toHaveBeenCalled();
  await accessible(container);
});

test('a value that stays closed says why, but only when asked', async () => {
  const why = vi.fn(() => 'The role keeps it closed.');
  show(<Protected mask="XXXX" sight="masked" label="Phones" why={why} />);
  expect(why).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Why is this closed: Phones' }));
  expect(await screen.findByText('The role keeps it closed.')).toBeTruthy();
});

test('a closed value without a reason is still named for those who cannot see the lock', async () => {
  const { container } = show(<Protected mask="•••" sight="masked" label={long} />);
  expect(screen.getByText(`Closed to you: ${long}`)).toBeTruthy();
  await accessible(container);
});
