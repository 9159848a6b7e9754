import { fireEvent, screen } from '@testing-library/react';
import { useState } from 'react';
import { beforeEach, expect, test, vi } from 'vitest';
import { Grid, type GridColumn } from './grid';
import { accessible, long, show } from './testing/kit';

interface Row {
  id: string;
  name: string;
}

const rows: Row[] = Array.from({ length: 500 }, (_, index) => ({
  id: `r${index}`,
  name: index ? `Row ${index}` : long,
}));
const columns: GridColumn<Row>[] = [
  { key: 'name', header: 'Name', width: '1fr', min: 100, cell: (row) => row.name, sortable: true },
];
const open = vi.fn();
const more = vi.fn();
const sort = vi.fn();
beforeEach(() => {
  vi.clearAllMocks();
  // jsdom lays nothing out: give the grid a height, so that some rows are in sight.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(800);
});

function Clients({ all = rows }: { all?: Row[] }) {
  const [selected, setSelected] = useState<Set<string>>(new Set());
  return (
    <>
      <output>{selected.size}</output>
      <Grid
        label="Clients"
        columns={columns}
        rows={all}
        loading={false}
        more
        onMore={more}
        onSort={sort}
        sorting={{ key: 'name', down: false }}
        href={(row) => `/contacts/${row.id}`}
        onOpen={open}
        selected={selected}
        onSelect={setSelected}
        selectWords={{ row: (row) => `Tick ${row.name}`, all: 'Tick all' }}
        rowHeight={38}
      />
    </>
  );
}

test('of many rows only those in sight exist, and nothing keeps anybody out', async () => {
  const { container } = show(<Clients />);
  const shown = screen.getAllByRole('row').length;
  expect(shown).toBeGreaterThan(10);
  expect(shown).toBeLessThan(80);
  expect(screen.getByText(long)).toBeTruthy();
  await accessible(container);
});

test('arrows move, Enter opens, X ticks', () => {
  show(<Clients />);
  const grid = screen.getByRole('grid', { name: 'Clients' });
  fireEvent.keyDown(grid, { key: 'ArrowDown' });
  fireEvent.keyDown(grid, { key: 'j' });
  expect(grid.getAttribute('aria-activedescendant')).toBe(screen.getAllByRole('row')[2]?.id);
  fireEvent.keyDown(grid, { key: 'Enter' });
  expect(open).toHaveBeenCalledWith(rows[1]);
  fireEvent.keyDown(grid, { key: 'x' });
  expect(screen.getByRole('status').textContent).toBe('1');
});

test('with Shift all rows between are ticked', () => {
  show(<Clients />);
  fireEvent.click(screen.getByRole('checkbox', { name: 'Tick Row 2' }));
  fireEvent.click(screen.getByRole('checkbox', { name: 'Tick Row 6' }), { shiftKey: true });
  expect(screen.getByRole('status').textContent).toBe('5');
});

test('a tick does not open the row, and a click beside it does', () => {
  show(<Clients />);
  fireEvent.click(screen.getByRole('checkbox', { name: 'Tick Row 2' }));
  expect(open).not.toHaveBeenCalled();
  fireEvent.click(screen.getByText('Row 3'));
  expect(open).toHaveBeenCalledWith(rows[3]);
});

test('the next page is asked for before the end is in sight', () => {
  show(<Clients all={rows.slice(0, 50)} />);
  expect(more).toHaveBeenCalled();
  more.mockClear();
  show(<Clients />);
  expect(more).not.toHaveBeenCalled();
});

test('the column by which the rows are sorted says so and turns round', () => {
  show(<Clients />);
  const header = screen.getByRole('columnheader', { name: 'Name' });
  expect(header.getAttribute('aria-sort')).toBe('ascending');
  fireEvent.click(screen.getByRole('button', { name: 'Name' }));
  expect(sort).toHaveBeenCalledWith({ key: 'name', down: true });
});

/** Names open, cities can be changed, but not that of row 5; numbers never. */
const fields: GridColumn<Row>[] = [
  { key: 'name', header: 'Name', width: '1fr', min: 100, cell: (row) => row.name, editable: () => true },
  {
    key: 'city',
    header: 'City',
    width: '1fr',
    min: 100,
    cell: (row) => `City of ${row.id}`,
    editable: (row) => row.id !== 'r5',
  },
  { key: 'number', header: 'Number', width: '1fr', min: 100, cell: (row) => `No. ${row.id}` },
];

function Editable() {
  return (
    <Grid
      label="Clients"
      columns={fields}
      rows={rows}
      loading={false}
      more={false}
      onMore={more}
      href={(row) => `/contacts/${row.id}`}
      onOpen={open}
      editor={(row, key, done) => (
        <input
          aria-label={`${key} of ${row.id}`}
          onKeyDown={(event) => event.key === 'Escape' && done('stay')}
        />
      )}
      rowHeight={38}
    />
  );
}

const twice = (cell: HTMLElement) => {
  fireEvent.click(cell, { detail: 1 });
  fireEvent.click(cell, { detail: 2 });
  fireEvent.doubleClick(cell, { detail: 2 });
};
const marked = () =>
  document.getElementById(screen.getByRole('grid').getAttribute('aria-activedescendant') ?? '')?.textContent;

test('a double click changes a cell and never opens the row', () => {
  show(<Editable />);
  twice(screen.getByText('City of r3'));
  expect(screen.getByLabelText('city of r3')).toBeTruthy();
  expect(open).not.toHaveBeenCalled();
  fireEvent.keyDown(screen.getByLabelText('city of r3'), { key: 'Escape' });
  expect(document.activeElement).toBe(screen.getByRole('grid'));
  // What a double click selects does not keep it from changing the cell.
  vi.spyOn(window, 'getSelection').mockReturnValue({ type: 'Range' } as Selection);
  twice(screen.getByText('City of r4'));
  expect(screen.getByLabelText('city of r4')).toBeTruthy();
  vi.mocked(window.getSelection).mockRestore();
});

test('one press marks a cell for the keys, and a second tap or Enter changes it', () => {
  show(<Editable />);
  const grid = screen.getByRole('grid');
  fireEvent.click(screen.getByText('City of r3'));
  expect(open).not.toHaveBeenCalled();
  expect(marked()).toBe('City of r3');
  expect(document.activeElement).toBe(grid);
  expect(screen.queryByRole('textbox')).toBeNull();
  fireEvent.keyDown(grid, { key: 'Enter' });
  fireEvent.keyDown(screen.getByLabelText('city of r3'), { key: 'Escape' });
  fireEvent.click(screen.getByText('City of r4'));
  expect(screen.queryByRole('textbox')).toBeNull();
  fireEvent.click(screen.getByText('City of r4'));
  expect(screen.getByLabelText('city of r4')).toBeTruthy();
  expect(open).not.toHaveBeenCalled();
});

test('the name opens at the first press, and so does what cannot be changed', () => {
  show(<Editable />);
  fireEvent.click(screen.getByText('Row 2'));
  expect(open).toHaveBeenLastCalledWith(rows[2]);
  // Beside the word of the name, too.
  fireEvent.click(screen.getByText('Row 7').closest('[role=gridcell]') as Element);
  expect(open).toHaveBeenLastCalledWith(rows[7]);
  fireEvent.click(screen.getByText('No. r6'));
  expect(open).toHaveBeenLastCalledWith(rows[6]);
  fireEvent.click(screen.getByText('City of r5'));
  expect(open).toHaveBeenLastCalledWith(rows[5]);
  expect(open).toHaveBeenCalledTimes(4);
});
