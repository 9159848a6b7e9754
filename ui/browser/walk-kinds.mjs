// What is not a client yet and what is said to those who are: rows pasted into a
// prospect list, a row that becomes a client with a deal where it stands, a folder
// and what is in it, text messages and chats that are noted and answered; and
// somebody whose role opens none of it.
import { closeNotes, found, newcomer } from './walking.mjs';

const rows = [
  'Name\tPhone\tE-mail\tCompany\tBudget',
  'Nora Lind\t+48 500 555 131\tnora@example.com\tLind Photo\t2000',
  'Oskar Brandt\t+48 500 555 132\t\t\t',
  'Elena Fabbri\t\tnot an address\t\t700',
].join('\n');

export async function walkKinds(walk) {
  const { look, expect, ask, url, forgive, hear, person, browser } = walk;
  const ana = await found(walk);
  await walkProspects({ page: ana, ...walk });
  await walkFolder({ page: ana, ...walk });
  await walkMessages({ page: ana, ...walk });
  await walkAppointments({ page: ana, ...walk });
  await walkDays({ page: ana, ...walk });

  // Nothing of it is a stylist's.
  const { page: ben } = await newcomer(walk, ana, {
    name: 'Ben Carter',
    email: 'ben@example.com',
    role: 'specialist',
  });
  const heard = hear(ben);
  forgive(ben, 404, '/api/v1/');
  const words = ['Nora', 'Oskar', 'Elena', 'Spring fair', 'Lind Photo', 'June', 'ten at the door', '5550131'];
  for (const at of [
    '/prospects',
    '/prospect_lists',
    '/folders',
    '/conversations',
    '/messages',
    '/contacts',
    '/deals',
  ]) {
    await ben.goto(url + at);
    await ben.waitForLoadState('networkidle').catch(() => {});
    const shown = await ben.evaluate(() => document.documentElement.outerHTML);
    expect(`${at}: nothing on a stylist's screen`, !words.some((word) => shown.includes(word)));
  }
  const came = await heard.where(...words);
  expect(`nothing has come to the stylist (${came})`, came.length === 0 && heard.count > 6);
  await ben.goto(`${url}/prospects`);
  await ben.getByRole('heading', { name: 'This is closed to you' }).waitFor();
  await look(ben, 'kinds-closed');

  // On a phone, in the dark, in Russian.
  const me = (await ask(ana, 'GET', '/session')).person.id;
  await ask(ana, 'PATCH', `/people/${me}`, { language: 'ru' });
  const phone = await person(browser, { width: 390, height: 844 }, 'dark', { hasTouch: true });
  await phone.context().addCookies(await ana.context().cookies());
  for (const [name, at] of [
    ['kinds-phone-prospects', '/prospects'],
    ['kinds-phone-conversations', '/conversations'],
    ['kinds-phone-invoices', '/invoices'],
  ]) {
    await phone.goto(url + at);
    await phone.waitForLoadState('networkidle').catch(() => {});
    await look(phone, name);
  }
}

async function walkProspects({ page, url, look, expect, ask, button }) {
  await page.goto(`${url}/prospect_lists`);
  await page.getByText('A list keeps people who are not clients yet').waitFor();
  await look(page, 'kinds-no-lists');
  await button(page, 'Add the first one').click();
  const form = page.getByRole('dialog', { name: 'New: Prospect list' });
  await form.getByLabel('Name').fill('Spring fair');
  await button(form, 'Save').click();
  const card = page.getByRole('article');
  const inside = card.getByRole('region', { name: 'Prospects' });
  await inside.getByText('No rows yet').waitFor();
  await button(inside, 'Paste rows…').click();
  const paste = page.getByRole('dialog', { name: 'Paste rows into Spring fair' });
  await paste.getByRole('textbox', { name: 'Rows' }).fill(rows);
  expect(
    'the headings are known as such',
    await paste.getByRole('checkbox', { name: 'The first row holds the headings' }).isChecked(),
  );
  const goes = async (n) => paste.getByRole('combobox', { name: `Where column ${n} goes` }).inputValue();
  const guessed = [await goes(1), await goes(2), await goes(3), await goes(4), await goes(5)];
  expect(
    `each column goes where its heading says (${guessed})`,
    guessed.join() === 'Name,Phones,E-mails,Company,Into the note',
  );
  await look(page, 'kinds-paste');
  // One of them has an address that is none: it is told of, and stays.
  const sent = [];
  page.on('request', (each) => {
    if (each.method() === 'POST' && /\/api\/v1\/(prospects|operations)/.test(each.url()))
      sent.push(new URL(each.url()).pathname);
  });
  await button(paste, 'Add 3 rows').click();
  await paste.getByRole('alert').waitFor();
  expect(`all rows go in one request (${sent})`, sent.join() === '/api/v1/prospects/rows');
  expect(
    'what was refused says which row and why',
    /Row 1: E-mails/.test(await paste.getByRole('alert').innerText()),
  );
  const left = await paste.getByRole('textbox', { name: 'Rows' }).inputValue();
  expect(
    `what was refused is still there, and nothing else (${left})`,
    left.includes('Elena') && !left.includes('Nora'),
  );
  await look(page, 'kinds-paste-refused');
  await paste
    .getByRole('textbox', { name: 'Rows' })
    .fill(left.replace('not an address', 'elena@example.com'));
  await button(paste, 'Add 1 row').click();
  await paste.waitFor({ state: 'detached' });
  await inside.getByRole('link', { name: /Elena Fabbri/ }).waitFor();
  await closeNotes(page);
  // Rows by mistake: one undo takes all of them back.
  await button(inside, 'Paste rows…').click();
  await paste.getByRole('textbox', { name: 'Rows' }).fill('Name\nWrong One\nWrong Two');
  await button(paste, 'Add 2 rows').click();
  await inside.getByRole('link', { name: /Wrong Two/ }).waitFor();
  sent.length = 0;
  await button(page, 'Undo').click();
  await inside.getByRole('link', { name: /Wrong/ }).first().waitFor({ state: 'detached' });
  await page.getByText('Taken back.').waitFor();
  expect(`they are undone by one request (${sent})`, sent.length === 1 && /\/undo$/.test(sent[0]));
  await closeNotes(page);
  await look(page, 'kinds-list-card');
  const all = (await ask(page, 'GET', '/prospects?sort=name')).items;
  const nora = all.find((each) => each.name === 'Nora Lind');
  expect(
    'a row has kept everything, also what has no field',
    all.length === 3 &&
      nora.company_name === 'Lind Photo' &&
      nora.note === 'Budget: 2000' &&
      nora.phones[0].number.includes('500'),
  );

  // The list as a table; a row becomes a client and a deal in one step.
  await inside.getByRole('link', { name: /^Open as a table/ }).click();
  await page.waitForURL(/\/prospects\?filter=/);
  const row = page.getByRole('row', { name: /Nora Lind/ });
  await row.getByRole('button', { name: 'Make a client of Nora Lind' }).click();
  const popup = page.getByRole('dialog', { name: 'Make a client of Nora Lind' });
  const wish = popup.getByLabel('Deal to begin with, if any');
  expect('the deal has a name already', (await wish.inputValue()) === 'Lind Photo');
  await look(page, 'kinds-become');
  await wish.fill('Photos of the salon');
  await button(popup, 'Client and deal').click();
  await page.getByText('Nora Lind is a client now, with a deal.').waitFor();
  await row.getByText('Became a client').waitFor();
  expect(
    'a row becomes a client once',
    (await row.getByRole('button', { name: /^Make a client/ }).count()) === 0,
  );
  const deal = (await ask(page, 'GET', `/deals?search=${encodeURIComponent('Photos')}`)).items[0];
  const client = (await ask(page, 'GET', '/contacts?search=Lind')).items[0];
  expect(
    'the client has the number, and the deal is with them',
    client.phones[0].number.includes('500') && deal.contact.id === client.id,
  );
  expect('the page is where it was', /\/prospects\?filter=/.test(page.url()));
  await closeNotes(page);
}

async function walkFolder({ page, url, look, expect, ask, button }) {
  const folder = await ask(page, 'POST', '/folders', { name: 'The wedding of June' });
  const client = (await ask(page, 'GET', '/contacts?search=Lind')).items[0];
  await ask(page, 'PATCH', `/contacts/${client.id}`, { folder: folder.id });
  await page.goto(`${url}/folders/${folder.id}`);
  const card = page.getByRole('article');
  await card
    .getByRole('region', { name: 'Clients' })
    .getByRole('link', { name: /Nora Lind/ })
    .waitFor();
  // What is new is put into it from here.
  const deals = card.getByRole('region', { name: 'Deals' });
  await button(deals, 'Deal').click();
  const form = page.getByRole('dialog', { name: 'New: Deal' });
  await form.getByLabel('Title').fill('Cake for June');
  await button(form, 'Save').click();
  await deals.getByRole('link', { name: /Cake for June/ }).waitFor();
  await look(page, 'kinds-folder');
  const deal = (await ask(page, 'GET', '/deals?search=Cake')).items[0];
  expect('the deal lies in the folder', deal.folder?.id === folder.id);
}

async function walkMessages({ page, url, look, expect, ask, button }) {
  await page.goto(`${url}/conversations`);
  await page.getByText('No messages yet').waitFor();
  await button(page, 'Note a message').click();
  const form = page.getByRole('dialog', { name: 'New: Message' });
  await form.getByRole('combobox', { name: 'Client' }).fill('Nora');
  await page.getByRole('option', { name: /Nora Lind/ }).click();
  await form.getByLabel('Text').fill('Can you come at ten at the door?');
  await look(page, 'kinds-note');
  await button(form, 'Save').click();
  const talk = page.getByRole('region', { name: 'Conversation' });
  await talk.getByText('Can you come at ten at the door?').waitFor();
  // It is answered below, and the answer stands under it.
  await talk.getByRole('textbox', { name: 'What was said' }).fill('Ten is fine.');
  await talk.getByText('SMS', { exact: true }).click();
  await button(talk, 'Note it').click();
  await talk.getByRole('listitem').filter({ hasText: 'Ten is fine.' }).waitFor();
  expect(
    'what was typed is gone once it is kept',
    (await talk.getByRole('textbox', { name: 'What was said' }).inputValue()) === '',
  );
  await look(page, 'kinds-conversation');
  const all = (await ask(page, 'GET', '/messages?sort=at')).items;
  expect(
    'a chat from the client and a text message from us are kept',
    all.length === 2 &&
      all[0].channel === 'chat' &&
      all[0].direction === 'in' &&
      all[1].channel === 'sms' &&
      all[1].direction === 'out' &&
      all.every((each) => each.contact.title === 'Nora Lind'),
  );
  await button(talk, 'Write a mail').click();
  await page.getByRole('dialog', { name: /^Mail to Nora Lind/ }).waitFor();
  await page.keyboard.press('Escape');
  // They stand on her card, too.
  await page.goto(`${url}/contacts/${all[0].contact.id}`);
  await page
    .getByRole('article')
    .getByRole('region', { name: 'What happened' })
    .getByText('Ten is fine.')
    .first()
    .waitFor();
}

async function walkAppointments({ page, url, expect, ask }) {
  const client = (await ask(page, 'GET', '/contacts?search=Lind')).items[0];
  const day = new Date(Date.now() + 9 * 86_400_000);
  day.setUTCHours(13, 45, 0, 0);
  const { person } = await ask(page, 'GET', '/session');
  await ask(page, 'POST', '/appointments', {
    contact: client.id,
    responsible: person.id,
    starts_at: day.toISOString(),
    ends_at: new Date(day.getTime() + 3_600_000).toISOString(),
  });
  await page.goto(`${url}/appointments`);
  const row = page.getByRole('row', { name: /Nora Lind/ });
  await row.waitFor();
  expect(
    `the list of appointments says at what time (${await row.innerText()})`,
    /\d\d:45/.test(await row.innerText()),
  );
}

/** Tasks by day: moved by the menu and by the mouse, done, and brought back. */
async function walkDays({ page, url, look, expect, ask, button }) {
  const due = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
  await ask(page, 'POST', '/tasks', { title: 'Order towels', due: due(-2) });
  await ask(page, 'POST', '/tasks', { title: 'Ring the baker', due: due(1) });
  await page.goto(`${url}/days`);
  const day = (name) => page.getByRole('region', { name, exact: true });
  await day('Overdue').getByRole('link', { name: 'Order towels' }).waitFor();
  await day('Tomorrow').getByRole('link', { name: 'Ring the baker' }).waitFor();
  await page.getByRole('textbox', { name: 'Add a task for today' }).fill('Water the plants');
  await page.keyboard.press('Enter');
  await day('Today').getByRole('link', { name: 'Water the plants' }).waitFor();
  await look(page, 'kinds-days');
  await button(page, 'Move to another day: Order towels').click();
  await page.getByRole('menuitem', { name: 'Tomorrow' }).click();
  await day('Tomorrow').getByRole('link', { name: 'Order towels' }).waitFor();
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Ring the baker' })
    .dragTo(day('Today').getByRole('heading'));
  await day('Today').getByRole('link', { name: 'Ring the baker' }).waitFor();
  await closeNotes(page);
  await page.getByRole('checkbox', { name: 'Done: Ring the baker' }).check();
  await day('Today').getByRole('link', { name: 'Ring the baker' }).waitFor({ state: 'detached' });
  await button(page, 'Undo').last().click();
  await day('Today').getByRole('link', { name: 'Ring the baker' }).waitFor();
  const kept = (await ask(page, 'GET', '/tasks?sort=due')).items.find(
    (each) => each.title === 'Order towels',
  );
  expect('the server has the new day', Date.parse(kept.due) > Date.now());
}
