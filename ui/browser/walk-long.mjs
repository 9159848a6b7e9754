// A list of many pages: what another changes, and what one changes oneself, is
// asked for where somebody looks and nowhere else; the rest is true by the time
// it is looked at. And the same list on a phone, where its menu holds what its
// bar and its head have no room for.
import { closeNotes, found, newcomer } from './walking.mjs';

const many = 720;
const called = (n) => `Row ${String(n).padStart(4, '0')}`;

/** Makes so many clients, and says which ids they have. */
const fill = (page) =>
  page.evaluate(async (count) => {
    const ids = [];
    const one = async (n) => {
      const answer = await fetch('/api/v1/contacts', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: `Row ${String(n).padStart(4, '0')}`, city: 'Gdynia' }),
      });
      if (!answer.ok) throw new Error(`a client: ${answer.status}`);
      ids[n] = (await answer.json()).id;
    };
    for (let at = 0; at < count; at += 24)
      await Promise.all(Array.from({ length: Math.min(24, count - at) }, (_, n) => one(at + n)));
    return ids;
  }, many);

export async function walkLong(walk) {
  const { look, expect, ask, url, person, browser, button } = walk;
  const ana = await found(walk);
  const ids = await fill(ana);
  const { page: ben } = await newcomer(walk, ana, {
    name: 'Ben Carter',
    email: 'ben@example.com',
    role: 'manager',
  });
  const pages = [];
  ben.on('request', (request) => {
    const at = new URL(request.url());
    if (at.pathname === '/api/v1/contacts' && request.method() === 'GET') pages.push(at.search);
  });
  const row = (page, n) => page.getByRole('row', { name: new RegExp(called(n)) });
  const grid = ben.getByRole('grid');
  const scrollTo = async (n) => {
    for (let tries = 0; tries < 80; tries++) {
      if (await row(ben, n).count()) return;
      await grid.evaluate((box, at) => {
        box.scrollTop = at * 38;
      }, n - 6);
      await ben.waitForTimeout(60);
    }
    throw new Error(`${called(n)} does not come into sight`);
  };
  const quiet = () => ben.waitForLoadState('networkidle');

  await ben.goto(`${url}/contacts?sort=name&cols=name,city,tags,responsible`);
  await row(ben, 0).waitFor();
  await scrollTo(650);
  await quiet();
  expect(`all pages were scrolled through (${pages.length})`, pages.length >= 7);

  // What Ana changes there appears, and two pages at most were asked for.
  pages.length = 0;
  await ask(ana, 'PATCH', `/contacts/${ids[650]}`, { city: 'Sopot' });
  await row(ben, 650).getByText('Sopot').waitFor({ timeout: 10_000 });
  await quiet();
  expect(`a change in sight asks for what is in sight (${pages.length} pages)`, pages.length <= 2);
  expect('and the list stays where it was', (await row(ben, 650).count()) === 1);

  // What she changes far above is not asked for, until he goes there.
  pages.length = 0;
  await ask(ana, 'PATCH', `/contacts/${ids[3]}`, { city: 'Hel' });
  await ben.waitForTimeout(3500);
  expect(`a change out of sight asks for no more (${pages.length} pages)`, pages.length <= 2);
  await scrollTo(3);
  await row(ben, 3).getByText('Hel').waitFor({ timeout: 10_000 });
  await look(ben, 'long-changed-above');

  // A client that is new at the top moves the others on, and none of them out.
  const made = await ask(ana, 'POST', '/contacts', { name: 'Row 0000 before', city: 'Reda' });
  await ben.getByRole('row', { name: /Row 0000 before/ }).waitFor({ timeout: 10_000 });
  for (let n = 60; n < many; n += 20) {
    await scrollTo(n);
    // Around the seams, where a page ends and the next one begins.
    if (n % 100 === 0) {
      await quiet();
      for (const near of [n - 2, n - 1, n, n + 1])
        expect(`${called(near)} stands there once`, (await row(ben, near).count()) === 1);
    }
  }
  await ask(ana, 'DELETE', `/contacts/${made.id}`);

  // An edit of one's own where it stands asks for no page at all but those in sight.
  await scrollTo(640);
  await quiet();
  pages.length = 0;
  const cell = row(ben, 640).getByRole('gridcell').nth(2);
  await cell.dblclick();
  await ben.getByRole('textbox', { name: 'City' }).fill('Puck');
  await ben.keyboard.press('Enter');
  await row(ben, 640).getByText('Puck').waitFor();
  await ben.waitForTimeout(3000);
  await quiet();
  expect(`an edit asks for what is in sight (${pages.length} pages)`, pages.length <= 2);

  // The same list on Ana's phone.
  const phone = await person(browser, { width: 390, height: 844 }, 'dark', {
    hasTouch: true,
    isMobile: true,
  });
  await phone.context().addCookies(await ana.context().cookies());
  await phone.goto(`${url}/contacts?sort=name&cols=name,city,tags`);
  await row(phone, 1).waitFor();
  const menu = button(phone, 'More with this list');
  await menu.tap();
  const sheet = phone.getByRole('dialog', { name: 'This list' });
  await sheet.waitFor();
  await look(phone, 'long-phone-menu');
  await sheet.getByText('Descending', { exact: true }).tap();
  await phone.waitForURL(/sort=-name/);
  await button(sheet, 'Choose several').tap();
  await row(phone, many - 1).tap();
  await row(phone, many - 2).tap();
  await phone.getByRole('toolbar').getByText('2 ticked').waitFor();
  await look(phone, 'long-phone-ticked');
  await button(phone, 'Tag').tap();
  await phone.getByRole('combobox', { name: 'Tags' }).fill('chosen');
  await phone.keyboard.press('Enter');
  await button(phone, 'Add').tap();
  await phone.getByText('2 changed.').waitFor();
  await row(phone, many - 1)
    .getByText('chosen')
    .waitFor();
  await closeNotes(phone);
  await menu.tap();
  await button(sheet, 'Export…').tap();
  await phone
    .getByRole('dialog', { name: /^Export/ })
    .getByTestId('export-count')
    .waitFor();
  await look(phone, 'long-phone-export');
}
