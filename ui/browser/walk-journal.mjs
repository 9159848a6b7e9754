// The part of the walk that is about the journal: a receptionist says what is
// done and who works when, books, moves by mouse and by keys, and takes it back;
// a stylist sees their own day, says who came, and learns no number.

import { found, thumb } from './walking.mjs';

const wait = (page, ms = 400) => page.waitForTimeout(ms);

/** A Monday that lies ahead, so that it is a working day with nothing past. */
function monday() {
  const day = new Date(Date.now() + 8 * 86_400_000);
  day.setUTCDate(day.getUTCDate() + ((8 - day.getUTCDay()) % 7));
  return day.toISOString().slice(0, 10);
}

/** Chooses from a list that opens under a field. */
async function choose(page, field, option) {
  await page.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: option }).first().click();
}

/** A firm of one, with a client, makes its first appointments. */
export async function walkJournals(tools) {
  const owner = await found(tools);
  await tools.ask(owner, 'POST', '/contacts', {
    name: 'Anna Kowalska',
    phones: [{ number: '+79165550142' }],
  });
  const day = await walkJournal({ ...tools, owner });
  await walkTablet({ ...tools, owner }, day);
  await walkStylist({ ...tools, owner }, day);
}

/** On a tablet a finger that rests on an appointment takes it along; one that moves at once scrolls. */
async function walkTablet({ owner, person, browser, url, look, expect }, day) {
  const tablet = await person(browser, { width: 1180, height: 820 }, 'dark', { hasTouch: true });
  await tablet.context().addCookies(await owner.context().cookies());
  await tablet.goto(`${url}/journal?day=${day}`);
  const visit = tablet.locator('[data-visit]').filter({ hasText: 'Anna Kowalska' });
  await visit.waitFor();
  const touch = await thumb(tablet);
  const box = await visit.boundingBox();
  const hour = (box.height / 45) * 60;
  const at = [box.x + 30, box.y + 14];
  await touch.stroke([at, [at[0], at[1] - hour]], { steps: 12 });
  await wait(tablet, 900);
  expect(
    'a finger that moves at once moves nothing',
    (await visit.getAttribute('aria-label')).startsWith('10:30–11:15'),
  );
  await touch.stroke([at, [at[0], at[1] + 20], [at[0], at[1] + 2 * hour]], { hold: 500, steps: 12 });
  await tablet.getByText('Anna Kowalska: now 12:30–13:15.').waitFor();
  await look(tablet, 'journal-tablet-moved');
  await visit.tap({ position: { x: 30, y: 20 } });
  await tablet.getByRole('group', { name: 'Status' }).waitFor();
  await look(tablet, 'journal-tablet-visit');
  await tablet.context().close();
}

/** The day of whoever books. */
async function walkJournal({ owner, url, look, expect, button, forgive }) {
  await owner.goto(`${url}/settings/services`);
  await button(owner, 'Add the first service').click();
  const form = owner.getByRole('dialog');
  await form.getByLabel('Name').fill('Haircut');
  await form.getByLabel('Minutes').fill('45');
  await form.getByLabel('Price').fill('40');
  await look(owner, 'new-service');
  await button(form, 'Save').click();
  await owner.getByText('45 min').waitFor();
  await look(owner, 'services');

  await owner.goto(`${url}/journal`);
  await owner.getByText('Nobody takes appointments yet').waitFor();
  await look(owner, 'journal-of-nobody');
  await owner.getByRole('link', { name: 'Say who works when' }).click();
  await choose(owner, 'Let somebody take appointments', 'Ana Lopez');
  await owner.getByRole('group', { name: 'Hours of the week: Ana Lopez' }).waitFor();
  await owner.getByLabel('Saturday', { exact: true }).check({ force: true });
  await button(owner, 'Save').click();
  await owner.getByText('The hours are saved.').waitFor();
  await look(owner, 'working-hours');

  const day = monday();
  await owner.goto(`${url}/journal?day=${day}`);
  await owner.locator('.journal-calendar .person').first().waitFor();
  await look(owner, 'journal-empty-day');
  // The whole booking by keys.
  await owner.keyboard.press('n');
  const client = owner
    .getByRole('textbox', { name: 'Client' })
    .or(owner.getByRole('combobox', { name: 'Client' }))
    .first();
  await client.waitFor();
  await client.fill('kowal');
  await owner.locator('[role="option"][data-combobox-selected]', { hasText: 'Anna Kowalska' }).waitFor();
  await owner.keyboard.press('Enter');
  await owner.getByText('+7 916 555-01-42').waitFor();
  await choose(owner, 'Service', 'Haircut');
  expect('the service says how long it takes', (await owner.getByLabel('Minutes').inputValue()) === '45');
  expect('and what it costs', (await owner.getByLabel('Price').inputValue()).startsWith('40'));
  await owner.getByRole('group', { name: 'Free times' }).getByRole('button', { name: '10:00' }).click();
  await look(owner, 'booking');
  await button(owner.getByRole('dialog'), 'Book').click();
  const visit = owner.locator('[data-visit]').filter({ hasText: 'Anna Kowalska' });
  await visit.waitFor();
  await owner.getByText('Booked.', { exact: true }).waitFor();
  await look(owner, 'journal-booked');

  await visit.focus();
  await owner.keyboard.press('ArrowDown');
  await owner.keyboard.press('ArrowDown');
  await owner.getByText('Anna Kowalska: now 10:30–11:15.').waitFor();
  expect(
    'the keys leave the focus where it was',
    (await owner.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')).startsWith(
      '10:30–11:15',
    ),
  );
  await owner.keyboard.press('3');
  await owner.getByText('Anna Kowalska: Came.').waitFor();
  expect('one key says that the client came', (await visit.getAttribute('data-status')) === 'came');
  // Closes the notes that would lie over what is clicked next.
  for (const note of await owner.locator('.mantine-Notification-closeButton').all())
    await note.click().catch(() => {});

  const box = await visit.boundingBox();
  await owner.mouse.move(box.x + 60, box.y + 8);
  await owner.mouse.down();
  await owner.mouse.move(box.x + 60, box.y + 40, { steps: 5 });
  await owner.mouse.move(box.x + 60, box.y + 8 + (box.height / 45) * 60, { steps: 5 });
  await owner.mouse.up();
  await owner.getByText('Anna Kowalska: now 11:30–12:15.').waitFor();
  await owner
    .getByText('Anna Kowalska: now 11:30–12:15.')
    .locator('xpath=../..')
    .getByRole('button', { name: 'Undo' })
    .first()
    .click();
  await owner.getByText('Taken back.').waitFor();
  await wait(owner, 800);
  expect('a move is taken back', (await visit.getAttribute('aria-label')).startsWith('10:30–11:15'));

  // What is taken is refused in plain words, and offered beside the other one.
  await owner.keyboard.press('n');
  await choose(owner, 'Service', 'Haircut');
  await owner.getByLabel('Begins').fill('10:30');
  const taken = forgive(owner, 409, '/api/v1/appointments');
  await button(owner.getByRole('dialog'), 'Book').click();
  await owner.getByText('At this time the person is not free.').first().waitFor();
  await look(owner, 'booking-refused');
  await button(owner, 'Put it beside the other one').click();
  await owner.locator('[data-visit]').nth(1).waitFor();
  taken.end();

  await visit.click({ position: { x: 30, y: 20 } });
  await owner.getByRole('group', { name: 'Status' }).waitFor();
  await look(owner, 'visit');
  await owner.keyboard.press('Escape');
  await owner.getByText('Week', { exact: true }).click();
  await owner.waitForURL(/view=week/);
  await wait(owner);
  await look(owner, 'journal-week');

  await owner.goto(`${url}/contacts`);
  await owner.getByRole('link', { name: 'Anna Kowalska' }).click();
  const visits = owner.getByRole('region', { name: 'Appointments' });
  await visits.getByText('Haircut').waitFor();
  await look(owner, 'card-with-appointments');
  await visits.getByRole('link', { name: 'Book' }).click();
  await owner.getByRole('dialog').getByText('Anna Kowalska').waitFor();
  await owner.keyboard.press('Escape');
  return day;
}

/** The day of a stylist, who is let in by a link. */
async function walkStylist({ owner, person, browser, url, look, expect, button, hear }, day) {
  const link = await owner.evaluate(async () => {
    const send = async (method, path, body) =>
      (
        await fetch(`/api/v1${path}`, {
          method,
          headers: { 'Content-Type': 'application/json' },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      ).json();
    const role = (await send('GET', '/roles')).items.find((each) => each.built === 'specialist');
    const made = await send('POST', '/people', {
      email: 'clara@example.com',
      name: 'Clara Neri',
      role: role.id,
      invite: 'link',
    });
    const day = [{ from: 540, to: 1080 }];
    await send('PUT', `/staff/${made.id}`, { week: [day, day, day, day, day, [], []] });
    return { url: made.link.url, id: made.id };
  });
  const clara = await person(browser, { width: 390, height: 844 });
  const heard = hear(clara);
  await clara.goto(link.url);
  await clara.getByLabel('Password', { exact: true }).fill('seven amber kites over a field');
  await button(clara, 'Begin').click();
  await clara.getByRole('link', { name: 'Journal' }).waitFor();
  // The reception gives her an appointment with a client of the house.
  await owner.evaluate(
    async ({ id, day }) => {
      const clients = await (await fetch('/api/v1/contacts?search=kowalska')).json();
      await fetch('/api/v1/appointments', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          contact: clients.items[0].id,
          responsible: id,
          starts_at: `${day}T12:00:00Z`,
        }),
      });
    },
    { id: link.id, day },
  );
  await clara.goto(`${url}/journal?day=${day}`);
  await button(clara, 'Book').waitFor();
  await look(clara, 'stylist-phone-day');
  const came = clara.getByRole('button', { name: /: Came$/ });
  await came.click();
  await clara.getByText(/: Came\.$/).waitFor();
  expect('a stylist says that the client came', (await came.count()) === 0);
  expect('the name of a client who is not hers has not come to her', !(await heard.where('Kowalska')).length);
  expect('nor has the number', !(await heard.where('5550142')).length);
  await clara.setViewportSize({ width: 1440, height: 900 });
  await clara.locator('.journal-calendar .person').first().waitFor();
  expect('her journal has one column', (await clara.locator('.journal-calendar .person').count()) === 1);
  await look(clara, 'stylist-day');
  await clara.context().close();
}
