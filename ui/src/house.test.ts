import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const src = join(process.cwd(), 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.tsx?$/.test(file) && !file.includes('generated'),
);

/** The rooms from whom each room may take. */
const rooms: Record<string, string[]> = {
  text: [],
  api: [],
  kit: ['api', 'text'],
  features: ['api', 'kit', 'text'],
  app: ['api', 'kit', 'text', 'features'],
};

const room = (file: string) => file.split('/')[0] ?? '';
const feature = (file: string) => file.split('/')[1] ?? '';

function imports(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(src, normalize(join(src, dirname(file), match[1] ?? ''))),
  );
}

test('imports flow one way, and features do not know each other', () => {
  expect(files.length).toBeGreaterThan(50);
  const wrong: string[] = [];
  for (const file of files) {
    const from = room(file);
    if (!(from in rooms)) continue;
    for (const target of imports(file)) {
      const to = room(target);
      if (to === from && (from !== 'features' || feature(target) === feature(file))) continue;
      if (to !== from && rooms[from]?.includes(to)) continue;
      wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('only api fetches', () => {
  const others = files.filter((file) => room(file) !== 'api' && !/\.test\./.test(file));
  const wrong = others.filter((file) =>
    /\bfetch\(|XMLHttpRequest|EventSource|sendBeacon/.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(wrong).toEqual([]);
});

test('nothing that stays on the computer holds a client: only the tab keeps drafts', () => {
  const wrong = files
    .filter((file) => !/\.test\./.test(file))
    .flatMap((file) =>
      [...readFileSync(join(src, file), 'utf8').matchAll(/localStorage\.setItem\(([^,]+),/g)].map(
        (match) => match[1],
      ),
    );
  // The width of the rail and whether all of it is open, list or board, and which columns a list shows.
  expect(wrong.sort()).toEqual(["'castellan.rail'", "'castellan.rail.further'", 'lastView', 'storage(kind)']);
});

/** Files in which something stands that one of the hooks below would keep, and why they need none. */
const nothingToKeep: Record<string, string> = {
  'app/keys-page.tsx': 'is read',
  'app/more.tsx': 'leads elsewhere',
  'app/prover.tsx': 'takes a secret, which is kept nowhere',
  'features/ledger/log-page.tsx': 'is read',
  'features/people/hand-over.tsx': 'one choice, of whom; it is chosen anew',
  'features/people/you-page.tsx': 'takes passwords, which are kept nowhere',
  'features/record/become.tsx': 'one line that is filled in, and stays while the list does',
  'features/record/cell-editor.tsx': 'saves as soon as it is left',
  'features/record/history.tsx': 'is read',
  'features/record/list-menu.tsx': 'each choice is in force at once',
  'features/record/start-process.tsx': 'one choice',
  'features/search/palette.tsx': 'finds',
  'features/security/exports-page.tsx': 'finds',
  'features/security/factors-page.tsx': 'a question',
  'features/security/sessions-page.tsx': 'a question',
  'features/session/enrol.tsx': 'takes codes, which are kept nowhere',
  'features/session/forgotten.tsx': 'one address, before one is signed in',
  'features/session/link-page.tsx': 'takes a password, which is kept nowhere',
  'features/session/setup-page.tsx': 'takes a password, which is kept nowhere',
  'features/session/sign-in-page.tsx': 'takes a password, which is kept nowhere',
  'kit/proof.tsx': 'takes a secret, which is kept nowhere',
  'kit/unsaved-question.tsx': 'a question',
};

test('what is typed is kept, or asked about before it is left', () => {
  const forms = files.filter(
    (file) =>
      file.endsWith('.tsx') &&
      !/\.test\./.test(file) &&
      /<(Modal|Drawer)\b|type="submit"|<Trans>(Save|Rename)<|aria-label=\{t`Save`\}/.test(
        readFileSync(join(src, file), 'utf8'),
      ),
  );
  expect(forms.length).toBeGreaterThan(40);
  const keeps = (file: string) =>
    /\b(useFormDraft|useDraft|useUnsaved|useChanges)[<(]/.test(readFileSync(join(src, file), 'utf8'));
  expect(forms.filter((file) => !keeps(file) && !(file in nothingToKeep))).toEqual([]);
  // Nothing is excused that is not there, or that keeps all the same.
  expect(Object.keys(nothingToKeep).filter((file) => !forms.includes(file) || keeps(file))).toEqual([]);
});

test.each(['ru', 'it', 'pl'])('every word of the page is said in %s, with its gaps in place', (language) => {
  const text = readFileSync(join(src, 'text', `${language}.po`), 'utf8');
  const entries = [
    ...text.matchAll(/msgid ((?:"(?:[^"\\]|\\.)*"\n)+)msgstr ((?:"(?:[^"\\]|\\.)*"\n)+)/g),
  ].map((match) =>
    match.slice(1).map((part) => [...part.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((each) => each[1]).join('')),
  );
  const words = entries.filter(([id]) => id);
  expect(words.length).toBeGreaterThan(400);
  expect(words.filter(([, said]) => !said).map(([id]) => id)).toEqual([]);
  const gaps = (said = '') =>
    [...new Set(said.match(/\{\w+[},]|<\/?\d+\/?>/g) ?? [])].map((gap) => gap.replace(',', '}')).sort();
  expect(words.filter(([id, said]) => gaps(id).join() !== gaps(said).join()).map(([id]) => id)).toEqual([]);
  // Russian and Polish have more than two numbers.
  if (language !== 'it') {
    const plurals = words.filter(([id]) => id?.includes(', plural,'));
    expect(plurals.length).toBeGreaterThan(5);
    expect(plurals.filter(([, said]) => !/few \{.*many \{/s.test(said ?? '')).map(([id]) => id)).toEqual([]);
  }
});

test('every request that the page makes stands in the table of the server', () => {
  const table: { paths: Record<string, Record<string, unknown>> } = JSON.parse(
    readFileSync(join(src, '../../internal/web/openapi.json'), 'utf8'),
  );
  const known = new Set(
    Object.entries(table.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path.replace(/\{\w+\}/g, '*')}`),
    ),
  );
  const asked = files
    .filter((file) => room(file) === 'api' || file === 'kit/field-input.tsx')
    .flatMap((file) => {
      const text = readFileSync(join(src, file), 'utf8');
      const calls = [...text.matchAll(/(?:call|text)(?:<[^(]*>)?\(\s*'([A-Z]+)',\s*[`']([^`']+)[`']/g)];
      const fetched = [...text.matchAll(/\bfile\(\s*[`']([^`']+)[`']/g)].map((match) => [
        '',
        'GET',
        match[1] ?? '',
      ]);
      return [...calls, ...fetched].map(([, verb, path]) => ({ file, verb, path: path ?? '' }));
    });
  expect(asked.length).toBeGreaterThan(40);
  const wrong = asked
    .map(({ file, verb, path }) => {
      // A path that begins with a gap speaks of records of any kind; a board, of those that have stages.
      const any = path.endsWith('/board') ? '/deals' : '/contacts';
      const whole = path.replace(/^\/\$\{[^}]+\}/, any).replace(/\$\{[^}]+\}/g, '*');
      return { file, request: `${verb} /api/v1${whole}` };
    })
    .filter(({ request }) => !known.has(request));
  expect(wrong).toEqual([]);
});
