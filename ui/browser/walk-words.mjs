// The part of the walk that is about words: those of the first look come first,
// the rest later (build/words.ts). However late they come, no sentence is ever
// shown by the name that it has in the catalogs.
import { readFileSync } from 'node:fs';
import { generateMessageId } from '@lingui/message-utils/generateMessageId';

const catalog = readFileSync(new URL('../src/text/en.po', import.meta.url), 'utf8');
const names = [...catalog.matchAll(/^msgid ((?:"(?:[^"\\]|\\.)*"\n)+)/gm)].map(([, lines]) =>
  generateMessageId(
    [...lines.matchAll(/"((?:[^"\\]|\\.)*)"\n/g)].map(([, part]) => JSON.parse(`"${part}"`)).join(''),
  ),
);
if (names.length < 400) throw new Error('the catalog has hardly any words');

/** Runs in every page: keeps each name of a sentence that is shown, were it for one frame. */
export const watchWords = `(() => {
  const names = new Set(${JSON.stringify(names)});
  window.nameless = new Set();
  const read = (node) => {
    if (node.nodeType === 3) {
      if (names.has(node.data.trim())) window.nameless.add(node.data.trim());
      return;
    }
    for (const name of ['aria-label', 'placeholder', 'title']) {
      const said = node.getAttribute?.(name);
      if (said && names.has(said)) window.nameless.add(said);
    }
    for (const child of node.childNodes) read(child);
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      if (type !== 'childList') read(target);
      for (const node of addedNodes) read(node);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true,
    attributeFilter: ['aria-label', 'placeholder', 'title'] });
})()`;

export const namesShown = (page) => page.evaluate(() => [...window.nameless]);

/** Opens pages while the rest of the words is two seconds late. */
export async function walkWords({ owner, url, expect }) {
  const page = await owner.context().newPage();
  let late = 0;
  let asked = 0;
  await page.route(/\/assets\/en-[^/]+\.js$/, async (route) => {
    if (++asked > 1) {
      await new Promise((done) => setTimeout(done, 2000));
      late = Date.now();
    }
    await route.continue();
  });
  await page.goto(`${url}/contacts`);
  await page.getByRole('row', { name: /Anna Kowalska/ }).waitFor();
  expect('a list does not wait for the rest of the words', late === 0);
  await page.getByRole('link', { name: 'Anna Kowalska' }).click();
  await page.getByRole('article').waitFor();
  expect('a card does', late > 0);
  const shown = await namesShown(page);
  asked = 0;
  await page.goto(`${url}/settings/roles`);
  await page
    .getByRole('link', { name: /Specialist/ })
    .first()
    .waitFor();
  shown.push(...(await namesShown(page)));
  expect(`every sentence is shown in words (${shown.join(', ')})`, shown.length === 0);
  await page.close();
}
