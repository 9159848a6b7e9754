// What a click asks the server for: what is shown, once, and nothing before the
// click, since whatever is fetched counts as seen.
import { found } from './walking.mjs';

const rest = (page, ms = 600) => page.waitForTimeout(ms);

export async function walkAsks(tools) {
  const { url, look, expect, ask, button } = tools;
  const owner = await found(tools);
  const client = await ask(owner, 'POST', '/contacts', { name: 'Nora Fields' });
  await ask(owner, 'POST', '/deals', { title: 'A garden of roses', contact: client.id });
  const me = await ask(owner, 'GET', '/session');
  const week = Array.from({ length: 7 }, () => [{ from: 9 * 60, to: 18 * 60 }]);
  await ask(owner, 'PUT', `/staff/${me.person.id}`, { week, position: 'Stylist' });

  const asked = [];
  owner.on('request', (request) => {
    const at = new URL(request.url());
    if (at.pathname.startsWith('/api/v1/')) asked.push(at.pathname.slice('/api/v1'.length) + at.search);
  });
  const times = (test) => asked.filter((each) => test.test(each)).length;
  const rail = (path) => owner.locator(`nav a[href="${path}"]`).first();
  const records = /^\/(contacts|deals|appointments|journal)\b/;

  await owner.goto(`${url}/settings`);
  await rail('/contacts').waitFor();
  await rest(owner, 1500);
  asked.length = 0;
  for (const path of ['/contacts', '/deals', '/journal']) {
    await rail(path).hover();
    await rest(owner);
  }
  expect('links that are only pointed at ask for nothing', times(records) === 0);

  await rail('/contacts').click();
  await owner.getByRole('row', { name: /Nora Fields/ }).waitFor();
  await rest(owner);
  expect('a list is asked for once', times(/^\/contacts\?/) === 1);

  asked.length = 0;
  const name = owner.getByRole('link', { name: 'Nora Fields' }).first();
  await name.hover();
  await rest(owner);
  expect('a client who is only pointed at is not asked for', asked.length === 0);
  await name.click();
  const card = owner.getByRole('article');
  await card.getByRole('region', { name: 'What happened' }).getByText('A garden of roses').first().waitFor();
  await rest(owner);
  const of = (path) => times(new RegExp(`^/contacts/${client.id}${path}$`));
  expect('a card is asked for once', of('') === 1);
  expect('and its timeline', of('/timeline') === 1);
  expect('and its appointments', times(/^\/appointments\?.*sort=-starts_at/) === 1);
  await look(owner, 'asks-card');

  asked.length = 0;
  await owner.goBack();
  await rail('/deals').click();
  await owner.getByText('A garden of roses').first().waitFor();
  await rest(owner);
  expect('a board is asked for once', times(/^\/deals\/board\?/) === 1);

  await rail('/journal').click();
  await owner.locator('.journal-calendar').waitFor();
  await rest(owner, 1200);
  const days = (length) =>
    asked.filter((each) => {
      const [, from, to] = /^\/journal\?from=([\d-]+)&to=([\d-]+)/.exec(each) ?? [];
      return from && Date.parse(to) - Date.parse(from) === length * 86_400_000;
    });
  expect('a day is asked for once, and the days beside it', new Set(days(1)).size === days(1).length);
  await owner.getByText('Week', { exact: true }).first().click();
  await owner.locator('.journal-calendar[data-kind="timeGridWeek"]').waitFor();
  await rest(owner, 1200);
  expect(
    'a week is asked for once, and those beside it',
    days(7).length === 3 && new Set(days(7)).size === 3,
  );

  // An appointment is begun where one sees who is free, from anywhere.
  await owner.goto(`${url}/settings`);
  await rail('/contacts').waitFor();
  await owner.keyboard.press('Control+k');
  await owner.getByRole('combobox', { name: 'Search' }).fill('New: App');
  await owner.getByRole('option', { name: 'New: Appointment' }).click();
  const booking = owner.getByRole('dialog', { name: 'New appointment' });
  await booking.getByPlaceholder('Name, number, address…').waitFor();
  await look(owner, 'asks-booking');
  await button(booking, 'Close; what was typed is kept').click();
  await booking.waitFor({ state: 'detached' });
  expect('the command is gone from the address', !new URL(owner.url()).searchParams.has('new'));

  // What is typed for one client is kept for that one, and not said of the next.
  const next = await ask(owner, 'POST', '/contacts', { name: 'Olga Brook' });
  const call = owner.getByRole('dialog', { name: 'New: Call' });
  const about = call.getByLabel('About');
  const record = async (id) => {
    await owner.goto(`${url}/contacts/${id}`);
    await button(card, 'Record a call').click();
    await about.waitFor();
  };
  await record(client.id);
  await about.fill('Likes roses');
  await owner.keyboard.press('Escape');
  await call.waitFor({ state: 'detached' });
  await record(next.id);
  expect('a call for another client begins empty', (await about.inputValue()) === '');
  await about.fill('Asks for lilies');
  await button(call, 'Save').click();
  await call.waitFor({ state: 'detached' });
  const calls = (await ask(owner, 'GET', '/calls')).items;
  expect(
    'and is noted for that client',
    calls.length === 1 && calls[0].contact?.id === next.id && calls[0].title === 'Asks for lilies',
  );
  await record(client.id);
  expect('what was typed for the first is kept', (await about.inputValue()) === 'Likes roses');
}
