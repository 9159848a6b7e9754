// The day of a stylist, on a telephone: own appointments only, who came is said
// with the thumb, a note and a photo are kept with the client, a number opens by
// a click where the role says so, and of the others nothing is ever sent.
import { english, thumb, wednesday } from './walking.mjs';

// A small picture, as a camera would make it.
const photo = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mPYl+dGEmIY1TCqYfhqAAAsSXIQfNLypAAAAABJRU5ErkJggg==',
  'base64',
);

export async function walkStylist(tools) {
  const { browser, url, people, person, look, expect, button, forgive, hear, signIn, ask } = tools;
  const boss = await person(browser);
  await signIn(boss, url, people.olga);
  const { items: everyone } = await ask(boss, 'GET', '/staff');
  const idOf = (name) => everyone.find((each) => each.person.name === name).person.id;
  const day = wednesday(3);
  const own = await ask(boss, 'POST', '/contacts', {
    name: 'Paula Reed',
    phones: [{ number: '+1 646 555 0188' }],
    responsible: idOf('Ana Bianchi'),
  });
  const other = await ask(boss, 'POST', '/contacts', {
    name: 'Quentin Sharp',
    phones: [{ number: '+1 646 555 0189' }],
    note: 'Keeps a spare key under the blue pot.',
    responsible: idOf('Marta Kowalska'),
  });
  for (const [client, staff, at] of [
    [own, 'Ana Bianchi', '09:00'],
    [other, 'Ana Bianchi', '10:00'],
    [other, 'Marta Kowalska', '11:00'],
  ]) {
    await ask(boss, 'POST', '/appointments', {
      contact: client.id,
      responsible: idOf(staff),
      starts_at: `${day}T${at}:00Z`,
    });
  }

  const ana = await person(browser, { width: 390, height: 844 }, 'light', { hasTouch: true, isMobile: true });
  await signIn(ana, url, people.ana);
  await english(tools, ana);
  const heard = hear(ana);
  const touch = await thumb(ana);

  await ana.goto(`${url}/dashboard`);
  await ana.getByText('Good to see you, Ana Bianchi.').waitFor();
  await look(ana, 'stylist-today');
  await ana.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Journal' }).tap();
  await button(ana, 'Book').waitFor();
  // The day before, and a swipe to hers.
  await ana.goto(`${url}/journal?day=${wednesday(3, -1)}`);
  await button(ana, 'Book').waitFor();
  await touch.stroke([
    [320, 520],
    [60, 524],
  ]);
  await ana.waitForURL(new RegExp(`day=${day}`));
  const came = ana.getByRole('button', { name: 'Paula Reed: Came' });
  await came.waitFor();
  await look(ana, 'stylist-day');
  expect(
    'the days of the week begin as the language writes them',
    /^Mon/.test(await ana.getByRole('group', { name: 'Days of the week' }).innerText()),
  );
  expect('a client of somebody else has no name here', (await ana.getByText('Quentin').count()) === 0);
  await came.tap();
  await ana.getByText('Paula Reed: Came.').waitFor();
  expect('it is said once', (await came.count()) === 0);

  // The card: the journal opens no number of her role, the card does, by a click.
  await ana
    .getByRole('button', { name: /^Paula Reed/ })
    .first()
    .tap();
  const short = ana.getByRole('dialog').filter({ hasText: 'Paula Reed' });
  await short.getByText('Closed to you: Phones').waitFor({ state: 'attached' });
  await look(ana, 'stylist-visit');
  let leaked = await heard.where('6465550188');
  expect(`the number has not come before it was asked for (${leaked})`, leaked.length === 0);
  await short.getByRole('link', { name: 'Paula Reed' }).tap();
  const card = ana.getByRole('article');
  await card.getByRole('button', { name: 'Show: Phones' }).tap();
  await card.getByText('646 555-0188').waitFor();
  await look(ana, 'stylist-card');

  await card.getByLabel('Comment', { exact: true }).fill('Warm copper, 7.44, thirty minutes.');
  await button(card, 'Send').tap();
  await card.getByRole('listitem').filter({ hasText: 'Warm copper' }).waitFor();
  const files = card.getByRole('region', { name: 'Files' });
  await files.locator('input[type=file]').setInputFiles({
    name: 'after.png',
    mimeType: 'image/png',
    buffer: photo,
  });
  await files.getByRole('button', { name: 'after.png', exact: true }).waitFor();
  await files.locator('img').waitFor();
  await look(ana, 'stylist-note-and-photo');

  // Nothing of the others, wherever she looks.
  await ana.goto(`${url}/contacts?search=quentin`);
  await ana.getByText('Nothing fits').waitFor();
  await look(ana, 'stylist-nobody');
  const missing = forgive(ana, 404, `/api/v1/contacts/${other.id}`);
  await ana.goto(`${url}/contacts/${other.id}`);
  await ana.getByText('There is nothing here').waitFor();
  missing.end();
  await ana.goto(`${url}/appointments`);
  await ana.getByRole('row').nth(1).waitFor();
  for (const place of ['calls', 'conversations', 'days', 'deals', 'dashboard']) {
    await ana.goto(`${url}/${place}`);
    await ana.waitForLoadState('networkidle');
  }
  leaked = await heard.where('Quentin', '6465550189', 'blue pot');
  expect(`of another's client nothing has come (${leaked})`, leaked.length === 0 && heard.count > 20);
  await ana.setViewportSize({ width: 1280, height: 900 });
  await ana.goto(`${url}/journal?day=${day}`);
  await ana.locator('.journal-calendar .person').first().waitFor();
  expect('her journal has one column', (await ana.locator('.journal-calendar .person').count()) === 1);
  await look(ana, 'stylist-desk');

  // The owner can say who has seen the number.
  await boss.goto(`${url}/contacts/${own.id}?tab=seen`);
  await boss.getByRole('tabpanel').getByText('Ana Bianchi').first().waitFor();
  await look(boss, 'stylist-was-seen');
}
