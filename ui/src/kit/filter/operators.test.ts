import { expect, test } from 'vitest';
import type { Field, FieldType } from '../../api/kinds';
import { askingOf, askings, leafOf } from './operators';

const types: FieldType[] = [
  'text',
  'longtext',
  'integer',
  'number',
  'money',
  'bool',
  'date',
  'datetime',
  'choice',
  'choices',
  'phones',
  'emails',
  'tags',
  'url',
  'person',
  'relation',
  'pipeline',
  'stage',
];

test.each(types)('whatever is asked of a %s field opens again as it was asked', (type) => {
  const field: Field = { name: 'f', type, class: 'open', labels: {}, sight: {} };
  expect(askings(field).length).toBeGreaterThan(0);
  for (const asking of askings(field)) {
    const values = asking === 'empty' || asking === 'filled' ? [] : ['2026-01-31'];
    const leaf = leafOf(field, asking, values);
    expect(leaf).not.toBeNull();
    expect(leaf && askingOf(field, leaf)).toEqual({ asking, values });
  }
});

test('a condition without a value is not whole', () => {
  const field: Field = { name: 'city', type: 'text', class: 'open', labels: {}, sight: {} };
  expect(leafOf(field, 'contains', [])).toBeNull();
  expect(leafOf(field, 'contains', [''])).toBeNull();
});
