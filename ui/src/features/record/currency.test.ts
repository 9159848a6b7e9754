import { expect, test } from 'vitest';
import type { Kind } from '../../api/kinds';
import { inCurrency } from './currency';

const kind = (writable = true) =>
  ({ fields: [{ name: 'amount' }, { name: 'currency', writable }] }) as unknown as Kind;

test('an amount that nobody gave a currency is one of the workspace', () => {
  expect(inCurrency(kind(), {}, { amount: '450' }, 'PLN')).toEqual({ amount: '450', currency: 'PLN' });
});

test('a currency that is there, said, or not theirs to say stays as it is', () => {
  expect(inCurrency(kind(), { currency: 'EUR' }, { amount: '450' }, 'PLN')).toEqual({ amount: '450' });
  expect(inCurrency(kind(), {}, { amount: '4', currency: null }, 'PLN')).toEqual({
    amount: '4',
    currency: null,
  });
  expect(inCurrency(kind(false), {}, { amount: '450' }, 'PLN')).toEqual({ amount: '450' });
  expect(inCurrency(kind(), {}, { amount: null }, 'PLN')).toEqual({ amount: null });
  expect(inCurrency({ fields: [] } as unknown as Kind, {}, { amount: '450' }, 'PLN')).toEqual({
    amount: '450',
  });
});
