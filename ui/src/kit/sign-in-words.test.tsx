import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useEndWords } from './sign-in-words';
import { show } from './testing/kit';

const rooms = join(import.meta.dirname, '../../../internal/identity');

/** Every reason for which the server ends sessions, read off its source. */
function reasons() {
  const found = new Set<string>();
  for (const file of readdirSync(rooms)) {
    if (!file.endsWith('.go') || file.endsWith('_test.go')) continue;
    const text = readFileSync(join(rooms, file), 'utf8');
    for (const [, word] of text.matchAll(
      /\b(?:endSessions?|endBegunBy)\(ctx, tx, [^\n]*, "(\w+)"\)|UPDATE session SET ended_at = \?, ended_why = '(\w+)'/g,
    ))
      if (word) found.add(word);
    for (const [, word] of text.matchAll(/UPDATE session SET ended_at = \?, ended_why = '(\w+)'/g))
      if (word) found.add(word);
  }
  return [...found].sort();
}

test('nobody reads a code in place of why a session has ended', () => {
  let words: Record<string, string> = {};
  function Reader() {
    words = useEndWords();
    return null;
  }
  show(<Reader />);
  const all = reasons();
  expect(all).toContain('factor');
  expect(all).toContain('unlinked');
  expect(all.filter((each) => !words[each])).toEqual([]);
});
