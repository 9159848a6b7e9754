import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import type { Field, FieldType } from '../api/kinds';
import { FieldInput, sendable } from './field-input';
import { accessible, long, show } from './testing/kit';

const field = (type: FieldType): Field => ({
  name: 'f',
  type,
  class: 'contact',
  labels: { en: long },
  options: [{ key: 'a', labels: { en: 'A' } }],
  target: 'company',
  sight: {},
});

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
  'stage',
];

test.each(types)('the editor of a %s field has a name, with and without its label in sight', async (type) => {
  for (const bare of [false, true]) {
    const { container, unmount } = show(
      <FieldInput field={field(type)} bare={bare} value={undefined} onChange={() => {}} />,
    );
    await accessible(container);
    unmount();
  }
});

test('a closed value is written anew: the form begins empty and says so', () => {
  const change = vi.fn();
  show(<FieldInput field={field('phones')} unseen value={undefined} onChange={change} />);
  const number = screen.getByPlaceholderText('New number') as HTMLInputElement;
  expect(number.value).toBe('');
  fireEvent.change(number, { target: { value: '+7 916 555 01 23' } });
  expect(sendable(field('phones'), change.mock.calls[0]?.[0])).toEqual([{ number: '+7 916 555 01 23' }]);
});

test('what is empty is sent as nothing, and rows left empty are not sent', () => {
  expect(sendable(field('text'), '')).toBeNull();
  expect(sendable(field('emails'), [{ address: ' ' }, { address: 'a@example.com ' }])).toEqual([
    { address: 'a@example.com' },
  ]);
  expect(sendable(field('person'), { id: 'person_1', name: 'Ana' })).toBe('person_1');
});
