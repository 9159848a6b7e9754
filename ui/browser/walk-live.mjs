// Two people at two browsers: what the one does appears at the other without a
// reload, and somebody who may not see it is told nothing of it, to the byte.
import { found, newcomer, roleLike } from './walking.mjs';

export async function walkLive(walk) {
  const { look, expect, ask, url } = walk;
  const ana = await found(walk);
  const own = await roleLike(walk, ana, 'manager', 'Sales of one’s own', (draft) => {
    for (const kind of ['deal', 'contact', 'task', 'comment'])
      draft.grades[kind] = { create: 'all', view: 'own', edit: 'own', delete: 'own' };
  });
  const all = await roleLike(walk, ana, 'manager', 'Sales of everybody', (draft) => {
    for (const kind of ['deal', 'contact'])
      draft.grades[kind] = { create: 'all', view: 'all', edit: 'all', delete: 'all' };
  });
  const { page: ben } = await newcomer(walk, ana, {
    name: 'Ben Carter',
    email: 'ben@example.com',
    role: all,
  });
  const { page: cleo } = await newcomer(walk, ana, {
    name: 'Cleo Dahl',
    email: 'cleo@example.com',
    role: own,
  });

  const raw = await listenRaw(cleo);
  const deal = await ask(ana, 'POST', '/deals', { title: 'Lighthouse repair' });
  const hers = await ask(cleo, 'POST', '/deals', { title: 'Of Cleo alone' });

  // A board at two browsers.
  await ana.goto(`${url}/deals?view=board`);
  await ben.goto(`${url}/deals?view=board`);
  const lane = (page, n) => page.locator('section[aria-label="Board"] > section').nth(n);
  const card = (page, n) => lane(page, n).getByText('Lighthouse repair');
  await card(ana, 0).waitFor();
  await card(ben, 0).waitFor();
  // What Ben has under his hands stays: the place to which he has scrolled, and what he types.
  await ben.evaluate(() => {
    window.untouched = true;
  });
  const began = Date.now();
  await moveOn(ana, 'Lighthouse repair');
  await card(ben, 1).waitFor({ timeout: 10_000 });
  const took = Date.now() - began;
  expect(`a deal that Ana moves is moved at Ben's (${took} ms)`, took < 6000);
  expect('it is in one lane at Ben’s', (await ben.getByText('Lighthouse repair').count()) === 1);
  expect('his page was not loaded anew', await ben.evaluate(() => window.untouched === true));
  await look(ben, 'board-moved-by-another');

  // A new one appears, a deleted one goes, without a hand on Ben's page.
  const second = await ask(ana, 'POST', '/deals', { title: 'Harbour crane' });
  await ben.getByText('Harbour crane').waitFor({ timeout: 10_000 });
  await ask(ana, 'DELETE', `/deals/${second.id}`);
  await ben.getByText('Harbour crane').waitFor({ state: 'detached', timeout: 10_000 });
  await ask(ana, 'POST', `/deals/${second.id}/restore`);
  await ben.getByText('Harbour crane').waitFor({ timeout: 10_000 });

  // A list, while he types into its search: nothing is lost.
  await ask(ana, 'POST', '/contacts', { name: 'Marta Lind' });
  await ben.goto(`${url}/contacts`);
  await ben.getByRole('row', { name: /Marta Lind/ }).waitFor();
  const box = ben.getByLabel('Search in this list');
  await box.pressSequentially('Mar');
  await ask(ana, 'POST', '/contacts', { name: 'Marta Second' });
  await ben.getByRole('row', { name: /Marta Second/ }).waitFor({ timeout: 10_000 });
  expect('what he typed stands', (await box.inputValue()) === 'Mar');
  expect('and he is still in it', await box.evaluate((it) => it === document.activeElement));

  // A card: a field that another changes, and a comment.
  const { id } = await ask(ana, 'POST', '/contacts', { name: 'Nils Berg' });
  await ben.goto(`${url}/contacts/${id}`);
  const article = ben.getByRole('article');
  await article.waitFor();
  const comment = article.getByLabel('Comment', { exact: true });
  await comment.fill('Half a sentence');
  await ask(ana, 'PATCH', `/contacts/${id}`, { city: 'Trondheim' });
  await article.getByText('Trondheim').first().waitFor({ timeout: 10_000 });
  await ask(ana, 'POST', '/comments', { about: id, about_kind: 'contact', text: 'Rang twice today.' });
  await article.getByText('Rang twice today.').first().waitFor({ timeout: 10_000 });
  expect('what he began stands', (await comment.inputValue()) === 'Half a sentence');
  await look(ben, 'card-changed-by-another');

  // Cleo, who sees her own alone, heard of it and of nothing else.
  await ask(cleo, 'PATCH', `/deals/${hers.id}`, { title: 'Still of Cleo' });
  await cleo.waitForFunction((word) => window.raw.includes(word), hers.id, { timeout: 10_000 });
  const bytes = await raw();
  const leaked = [
    deal.id,
    second.id,
    id,
    'contact',
    'comment',
    'Lighthouse',
    'Harbour',
    'Marta',
    'Nils',
    '"all"',
  ].filter((word) => bytes.includes(word));
  expect(
    `to Cleo nothing of it went over the wire (${leaked}; ${bytes.length} bytes)`,
    leaked.length === 0 && bytes.length > 100,
  );

  // The end of her session is the end of her page.
  cleo.sessionEnds = true;
  const people = (await ask(ana, 'GET', '/people')).items;
  const her = people.find((each) => each.name === 'Cleo Dahl').id;
  await ask(ana, 'DELETE', `/people/${her}/sessions`);
  await cleo.getByLabel('E-mail').waitFor({ timeout: 10_000 });
  expect('she is at the door', new URL(cleo.url()).pathname === '/sign-in');
}

/** Opens a stream of the page's own person, and keeps every byte. */
async function listenRaw(page) {
  await page.evaluate(async () => {
    window.raw = '';
    const answer = await fetch('/api/v1/events', { headers: { Accept: 'text/event-stream' } });
    if (!answer.ok) throw new Error(`the stream answers ${answer.status}`);
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    (async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        window.raw += decoder.decode(value);
      }
    })().catch(() => {});
  });
  return () => page.evaluate(() => window.raw);
}

/** Moves a card of a board to the next lane by keys. */
async function moveOn(page, title) {
  await page.getByRole('link', { name: title }).first().focus();
  await page.keyboard.press('Alt+ArrowRight');
}
