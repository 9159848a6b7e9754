// Measures what a person downloads before the first list of clients appears:
// the entry, signing in, the list's own chunk, the words of the first look in
// the longest language, and their styles.
// More than the budget fails the build.
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 235_000; // bytes, gzip
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', dist), 'utf8'));

const needed = new Set();
function need(key) {
  const chunk = manifest[key];
  if (!chunk || needed.has(chunk.file)) return;
  needed.add(chunk.file);
  for (const css of chunk.css ?? []) needed.add(css);
  for (const other of chunk.imports ?? []) need(other);
}

const size = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
const languages = Object.keys(manifest).filter((key) => /^src\/text\/.*\?first$/.test(key));
if (languages.length < 4) throw new Error('the build has fewer than four languages');
const longest = languages.reduce((a, b) => (size(manifest[a].file) > size(manifest[b].file) ? a : b));
const pages = ['src/features/session/sign-in-page.tsx', 'src/features/record/list-page.tsx'];
for (const key of ['index.html', longest, ...pages]) {
  if (!manifest[key]) throw new Error(`the build has no ${key}`);
  need(key);
}

let total = 0;
for (const file of [...needed].sort()) {
  const bytes = size(file);
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  first load, gzip; budget ${budget / 1000} kB`);
rmSync(new URL('manifest.json', dist)); // for this check only
if (total > budget) {
  console.error('over budget');
  process.exit(1);
}
