import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modulesOfTheFirstLook, wordsOf } from './words';

const first = modulesOfTheFirstLook();

test('the words of the frame, of signing in and of a list come first, those of other pages later', async () => {
  for (const module of [
    'src/app/shell.tsx',
    'src/features/session/sign-in-page.tsx',
    'src/features/record/list-page.tsx',
    'src/kit/grid.tsx',
  ]) {
    expect(first).toContain(module);
  }
  for (const module of ['src/features/rights/role-page.tsx', 'src/features/record/card.tsx']) {
    expect(first).not.toContain(module);
    const words = await wordsOf([module]);
    expect(words.size).toBeGreaterThan(10);
  }
  const words = await wordsOf(first);
  expect(words.size).toBeGreaterThan(100);
  expect(words.size).toBeLessThan(450);
});

test('only signing in and lists are fetched without waiting for the rest of the words', () => {
  const src = join(import.meta.dirname, '../src');
  const fetched = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('generated') && !/\.test\./.test(file))
    .flatMap((file) =>
      [
        ...readFileSync(join(src, file), 'utf8').matchAll(
          /(?<!later\(\s*\(\) =>\s*)\bimport\(\s*([^)\s][^)]*?)\s*\)/g,
        ),
      ].map(([, what]) => what),
    )
    .filter((what) => !what?.includes('.po?'));
  expect(fetched.sort()).toEqual([
    "'../features/record/list-page'",
    "'../features/session/sign-in-page'",
    "'./live'", // holds no words
    "'./rest'", // the kit's styles, by later() itself
    "'./rest'",
    "'@simplewebauthn/browser'", // holds no words
  ]);
});

test('each language comes whole in its two parts', async () => {
  const [early, late] = await Promise.all([
    import('../src/text/ru.po?first'),
    import('../src/text/ru.po?rest'),
  ]);
  const words = await wordsOf(first);
  expect(new Set(Object.keys(early.messages))).toEqual(words);
  expect(Object.keys(late.messages).filter((id) => words.has(id))).toEqual([]);
  const said =
    readFileSync(join(import.meta.dirname, '../src/text/ru.po'), 'utf8').match(/^msgstr "/gm) ?? [];
  // The head of the file is one of them.
  expect(Object.keys(early.messages).length + Object.keys(late.messages).length).toBe(said.length - 1);
});
