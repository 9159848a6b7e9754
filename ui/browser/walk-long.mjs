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
  expect('a double click has opened no card', (await ben.getByRole('article').count()) === 0);

  // Fingers on a tablet: a tap marks a cell, a second one changes it, and one on the name opens.
  const tablet = await person(browser, { width: 1024, height: 768 }, 'light', { hasTouch: true });
  await tablet.context().addCookies(await ana.context().cookies());
  await tablet.goto(`${url}/contacts?sort=name&cols=name,city,tags`);
  const town = row(tablet, 2).getByRole('gridcell').nth(2);
  await town.tap();
  await tablet.waitForTimeout(400);
  expect('a tap on a cell marks it', (await town.getAttribute('data-cell')) === 'true');
  expect('and opens no card', (await tablet.getByRole('article').count()) === 0);
  await town.tap();
  await tablet.getByRole('textbox', { name: 'City' }).fill('Hel');
  await row(tablet, 3).getByRole('gridcell').nth(2).tap();
  await row(tablet, 2).getByText('Hel').waitFor();
  await row(tablet, 2).getByRole('link').tap();
  await tablet.getByRole('article').waitFor();
  expect('a tap on the name opens the card', /\/contacts\/contact_/.test(tablet.url()));
  await tablet.close();

  await walkEvery({ ...walk, page: ana });
  await walkAddress({ ...walk, page: ana, ben });

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

/** All that match, far more than are loaded: changed, deleted, and each taken back as one. */
async function walkEvery({ page, url, look, expect, ask, button }) {
  const count = async (filter) =>
    (await ask(page, 'GET', `/contacts/count?exact=1&filter=${encodeURIComponent(filter)}`)).n;
  const n = await count('city = Gdynia');
  await page.goto(
    `${url}/contacts?sort=name&cols=name,city,tags,responsible&filter=${encodeURIComponent('city = Gdynia')}`,
  );
  await page.getByRole('row', { name: new RegExp(called(1)) }).waitFor();
  const take = async () => {
    await page.getByRole('checkbox', { name: /^Tick all/ }).check();
    await button(page, `Take all ${n} that match`).click();
    await page.getByRole('toolbar').getByText(`All ${n} that match`).waitFor();
  };
  await take();
  await button(page, 'Change a field').click();
  await page.getByRole('combobox', { name: 'Field' }).fill('City');
  await page.getByRole('option', { name: 'City', exact: true }).click();
  await page.getByRole('textbox', { name: 'City' }).fill('Oliwa');
  await look(page, 'long-every-edit');
  await button(page, 'Set for all').click();
  await page.getByText(`${n} changed.`).waitFor({ timeout: 60_000 });
  expect(`all ${n} are changed, also those that were not loaded`, (await count('city = Oliwa')) === n);
  await button(page, 'Undo').last().click();
  await page.getByText('Taken back.').first().waitFor({ timeout: 60_000 });
  expect('and none of them any more', (await count('city = Oliwa')) === 0);
  await closeNotes(page);

  await take();
  await button(page, 'Delete').click();
  await page.getByText(`${n} are in the bin.`).waitFor({ timeout: 60_000 });
  await page.getByText('Nothing fits').waitFor();
  expect('what did not match is still there', (await count('city != Gdynia')) > 0);
  await button(page, 'Undo').last().click();
  await page.getByText('Taken back.').first().waitFor({ timeout: 60_000 });
  await page.getByRole('row', { name: new RegExp(called(1)) }).waitFor();
  expect(`all ${n} are back`, (await count('city = Gdynia')) === n);
  await closeNotes(page);
}

/** A column that is pinned, and the address of it all at somebody else's. */
async function walkAddress({ page, ben, expect, button }) {
  await button(page, 'Columns').click();
  await button(page, 'Keep Tags in sight').click();
  await page.keyboard.press('Escape');
  await page.waitForURL(/cols=[^&]*(!|%21)tags/);
  const heads = async (of) =>
    (await of.getByRole('columnheader').allInnerTexts()).map((each) => each.trim()).filter(Boolean);
  expect(`what is pinned stands beside the title: ${await heads(page)}`, (await heads(page))[1] === 'Tags');
  const stays = page.locator('[role=columnheader][data-pinned]', { hasText: 'Tags' });
  expect(
    'and stays when the table is moved',
    (await stays.evaluate((head) => getComputedStyle(head).position)) === 'sticky',
  );
  await ben.goto(page.url());
  await ben.getByRole('row', { name: new RegExp(called(1)) }).waitFor();
  expect(
    'the address shows the same list to another',
    (await heads(ben)).join() === (await heads(page)).join() &&
      (await ben.getByRole('button', { name: /City/ }).first().isVisible()) &&
      (await ben.locator('[role=columnheader][data-pinned]', { hasText: 'Tags' }).count()) === 1,
  );
  // One who arranged the list before sees it so without a word in the address, and can pass it on.
  await page.goto(new URL('/contacts', page.url()).href);
  await page.waitForURL(/cols=[^&]*tags/);
  expect('and it is nothing that waits to be saved', (await button(page, 'Save as a view').count()) === 0);
}
