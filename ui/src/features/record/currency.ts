import type { Kind } from '../../api/kinds';
import type { Values } from '../../api/records';

/** An amount that nobody gave a currency is one of the workspace's. */
export function inCurrency(kind: Kind, before: Values, values: Values, usual: string): Values {
  const field = kind.fields.find((each) => each.name === 'currency');
  const named = 'currency' in values || (before.currency ?? '') !== '';
  const amount = values.amount ?? '';
  if (!field || field.writable === false || named || amount === '' || !usual) return values;
  return { ...values, currency: usual };
}
