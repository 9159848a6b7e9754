import { expect, test } from 'vitest';
import { contains, readable } from './network';

test('a network holds its addresses and no others', () => {
  for (const [network, of, held] of [
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::1', '::1', true],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true],
    ['192.0.2.0/24', '::ffff:192.0.2.9', true],
    ['::ffff:192.0.2.0/90', '192.0.2.9', false],
    ['192.0.2.0/33', '192.0.2.0', false],
    ['office', '192.0.2.0', false],
  ] as const) {
    expect([network, of, contains(network, of)]).toEqual([network, of, held]);
  }
});

test('what is no network is not read as one', () => {
  for (const text of [
    '',
    'office',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.0/33',
    '1::2::3',
    '2001:db8::/129',
    '192.0.2.0/',
    '::ffff:192.0.2.0/90',
  ])
    expect([text, readable(text)]).toEqual([text, false]);
  for (const text of ['192.0.2.7', ' 192.0.2.0/24 ', '2001:db8::/48', '::1', '1:2:3:4:5:6:7:8'])
    expect([text, readable(text)]).toEqual([text, true]);
});
