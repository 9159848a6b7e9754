import { beforeEach, expect, test } from 'vitest';
import type { Field, Kind } from '../../api/kinds';
import { chosenColumns, keepColumns, moved, readColumns, writeColumns } from './columns';

const field = (name: string) =>
  ({ name, type: 'text', labels: {}, class: 'open', sight: {} }) as unknown as Field;
const kind = {
  name: 'thing',
  title: 'name',
  fields: ['name', 'city', 'phones', 'tags'].map(field),
} as unknown as Kind;
const names = (cols: string) => chosenColumns(kind, cols).map((column) => column.field.name);

beforeEach(() => localStorage.clear());

test('order, pins and widths survive the address', () => {
  const line = '!name~240,!tags,city~120';
  expect(writeColumns(readColumns(kind, line))).toBe(line);
});

test('what is no field, stands twice or is too wide is not taken at its word', () => {
  expect(writeColumns(readColumns(kind, 'name,secret,name,city~5,tags~9999,<b>'))).toBe(
    'name,city~60,tags~900',
  );
});

test('the title comes first, then what is pinned', () => {
  expect(names('city,!tags')).toEqual(['name', 'tags', 'city']);
});

test('a column takes the place of another one, and never that before the title', () => {
  const columns = chosenColumns(kind, 'name,city,phones,tags');
  expect(moved(kind, columns, 'tags', 'city').map((each) => each.field.name)).toEqual([
    'name',
    'tags',
    'city',
    'phones',
  ]);
  expect(moved(kind, columns, 'tags', 'name')[0]?.field.name).toBe('name');
});

test('what was chosen is there the next time', () => {
  keepColumns(kind, readColumns(kind, 'name,!phones~200'));
  expect(writeColumns(chosenColumns(kind, undefined))).toBe('name,!phones~200');
});
