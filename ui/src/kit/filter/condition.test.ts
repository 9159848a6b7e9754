import { expect, test } from 'vitest';
import { allOf, type Condition, line, parse, parts, print } from './condition';

const readable = [
  'city = "Berlin, Ost" and (tags has vip or not source = web)',
  'birthday is empty',
  'birthday is not empty or created_at >= today-7d',
  'name starts "ков" and source not in (web, ads)',
  'tags has any (vip, "new client")',
  'responsible = me',
  'not (city = Berlin and source = web)',
  '"is" = x',
  'none',
  '(a = 1 or b = 2) and (c = 3 or d = 4)',
];

test.each(readable)('what is read is written back the same: %s', (text) => {
  const tree = parse(text);
  expect(tree).not.toBeNull();
  expect(parse(print(tree as Condition))).toEqual(tree);
});

test('quotes and backslashes in a value survive', () => {
  const tree: Condition = { is: 'compare', field: 'name', op: '=', value: 'A "b" \\ c' };
  expect(parse(print(tree))).toEqual(tree);
});

test.each(['city =', 'city ? 1', '= 1', '(a = 1', 'a = 1 b', 'a "x', 'a in (1', 'and'])(
  'what is no condition is not guessed at: %s',
  (text) => {
    expect(parse(text)).toBeNull();
  },
);

test('no filter is an empty line, and the last chip removed leaves one', () => {
  expect(line(allOf([]))).toBe('');
  expect(parts(parse('') as Condition)).toEqual([]);
  expect(parts(parse('a = 1 and b = 2') as Condition)).toHaveLength(2);
});

test('words in any script and of any tongue are quoted so that the server reads one value', () => {
  expect(print({ is: 'compare', field: 'city', op: '=', value: 'Санкт Петербург' })).toBe(
    'city = "Санкт Петербург"',
  );
  expect(print({ is: 'compare', field: 'city', op: '=', value: 'and' })).toBe('city = "and"');
});
