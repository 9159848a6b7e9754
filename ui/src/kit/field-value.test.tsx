import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Field, FieldType } from '../api/kinds';
import type { Record_ } from '../api/records';
import { FieldValue, moneyText, phoneText } from './field-value';
import { accessible, show } from './testing/kit';

const field = (type: FieldType): Field => ({
  name: 'f',
  type,
  class: 'contact',
  labels: { en: 'Field' },
  sight: {},
});
const record = (value: unknown, sight?: 'masked' | 'click'): Record_ => ({
  id: 'contact_1',
  kind: 'contact',
  version: 1,
  created_at: '',
  updated_at: '',
  f: value,
  ...(sight ? { sight: { f: sight } } : {}),
});

test.each(['phones', 'emails', 'text', 'date'] as FieldType[])(
  'a masked %s shows a lock and nothing of what came with it',
  async (type) => {
    const planted =
      type === 'phones'
        ? [{ number: 'planted-secret' }]
        : type === 'emails'
          ? ['planted-secret']
          : 'planted-secret';
    const { container } = show(<FieldValue field={field(type)} record={record(planted, 'masked')} />);
    expect(container.textContent).not.toContain('planted');
    expect(screen.getByText(/Closed to you/)).toBeTruthy();
    await accessible(container);
  },
);

test('a client with no phone shows no lock either', () => {
  show(<FieldValue field={field('phones')} record={record([], 'masked')} />);
  expect(screen.queryByText(/Closed to you/)).toBeNull();
});

test('what a click has opened stands in place of the mask', () => {
  show(
    <FieldValue
      field={field('phones')}
      record={record([{ number: 'XXXX' }], 'click')}
      look={{ shown: [{ number: '+79165550123' }], onReveal: async () => {} }}
    />,
  );
  expect(screen.getByRole('link', { name: '+7 916 555-01-23' }).getAttribute('href')).toBe(
    'tel:+79165550123',
  );
});

test('an address that is no web address never becomes a link', () => {
  show(<FieldValue field={field('url')} record={record('javascript:alert(1)')} />);
  expect(screen.queryByRole('link')).toBeNull();
});

test('numbers are read out in groups', () => {
  expect(phoneText('+79165550123')).toBe('+7 916 555-01-23');
  expect(phoneText('+12025550143')).toBe('+1 202 555-0143');
  expect(phoneText('XXXX')).toBe('XXXX');
});

test('money keeps its cents and its currency', () => {
  expect(moneyText('1200.50', 'EUR')).toMatch(/1,200\.50/);
  expect(moneyText('241', 'USD')).toMatch(/241\.00/);
  expect(moneyText('1200.00')).toBe('1,200.00');
  expect(moneyText('1200', 'JPY')).toMatch(/1,200$/);
  expect(moneyText('much')).toBe('much');
});
