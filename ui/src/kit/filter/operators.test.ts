import { expect, test } from 'vitest';
import type { Field, FieldType } from '../../api/kinds';
import { parse, parts, print } from './condition';
import { askingOf, askings, conditionOf } from './operators';

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
    const values =
      asking === 'empty' || asking === 'filled'
        ? []
        : asking === 'between'
          ? ['2026-01-31', '2026-02-28']
          : asking === 'last' || asking === 'next'
            ? ['7']
            : ['2026-01-31'];
    const made = conditionOf(field, asking, values);
    expect(made).not.toBeNull();
    expect(made && askingOf(field, made)).toEqual({ asking, values });
    // So it does when it comes back from the address, alone and beside another one.
    for (const whole of [
      print(made ?? { is: 'nothing' }),
      `${made && print({ is: 'all', of: [made, made] })}`,
    ]) {
      const [first] = parts(parse(whole) ?? { is: 'nothing' });
      expect(first && askingOf(field, first)).toEqual({ asking, values });
    }
  }
});

test('a condition without a value is not whole', () => {
  const field: Field = { name: 'city', type: 'text', class: 'open', labels: {}, sight: {} };
  expect(conditionOf(field, 'contains', [])).toBeNull();
  expect(conditionOf(field, 'contains', [''])).toBeNull();
  const due: Field = { ...field, name: 'due', type: 'date' };
  expect(conditionOf(due, 'between', ['2026-01-31'])).toBeNull();
  expect(conditionOf(due, 'last', ['0'])).toBeNull();
  expect(conditionOf(due, 'last', ['x'])).toBeNull();
});
