import { beforeEach, expect, test } from 'vitest';
import { keep, keepFor, kept } from './tab';

beforeEach(() => sessionStorage.clear());

test('what one person typed is not there for the next who comes in', () => {
  keepFor('person_ana');
  keep('draft', { text: 'of Ana' });
  keepFor('person_ana');
  expect(kept('draft')).toEqual({ text: 'of Ana' });
  keepFor('person_ben');
  expect(kept('draft')).toEqual({});
  keep('draft', { text: 'of Ben' });
  keepFor('person_ben');
  expect(kept('draft')).toEqual({ text: 'of Ben' });
});
