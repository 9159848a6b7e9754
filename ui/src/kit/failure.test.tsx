import { expect, test } from 'vitest';
import { Problem } from '../api/http';
import { useSentence } from './failure';
import { show } from './testing/kit';

function said(failure: unknown): string {
  let text = '';
  function Reader() {
    text = useSentence()(failure);
    return null;
  }
  show(<Reader />);
  return text;
}

const refused = (code: string) =>
  new Problem(403, { code, title: 'The role “Manager” does not say it in your language.' });

test('a right that is missing is named in the reader’s language', () => {
  expect(said(refused('ability.records.assign'))).toBe(
    'Your role does not give this: Make somebody else responsible for a record',
  );
});

test('a refusal by grades says who can change that', () => {
  expect(said(refused('rights.role.denies'))).toMatch(/^Your role does not open this/);
  expect(said(refused('rights.rail.stops'))).toMatch(/administrators only/);
});

test('what is not known here is said in the server’s words', () => {
  expect(said(refused('something.new'))).toBe('The role “Manager” does not say it in your language.');
});
