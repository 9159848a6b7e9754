// The day of whoever sits at the desk of a salon: the telephone rings, people
// are booked, moved, and do not come; somebody walks in without a number;
// tomorrow is confirmed, and the day is printed.
import { choose, closeNotes, newcomer, roleLike, wednesday } from './walking.mjs';

// What the desk has no business with.
const secret = 'Meridian takeover';

const visitOf = (page, name) => page.locator('[data-visit]').filter({ hasText: name });

/** What the journal says after a change. */
const told = (page, words) => page.locator('.mantine-Notification-root').getByText(words).last().waitFor();

/** Drags with the mouse as a hand does: a little at first, then the rest. */
async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 6, from.y + 6, { steps: 3 });
  await page.mouse.move(to.x, to.y, { steps: 12 });
  await page.waitForTimeout(120);
  await page.mouse.up();
}

async function before(tools, boss) {
  const { ask } = tools;
  const role = await roleLike(tools, boss, 'manager', 'Front desk', (draft) => {
    draft.sights = [
      ...draft.sights.filter((rule) => rule.class !== 'contact'),
      { class: 'contact', own: 'plain', group: 'plain', all: 'plain' },
    ];
    delete draft.grades.deal;
    return draft;
  });
  const nora = await ask(boss, 'POST', '/contacts', {
    name: 'Nora Fields',
    phones: [{ number: '+1 646 555 0187' }],
  });
  await ask(boss, 'POST', '/deals', { title: secret, contact: nora.id });
  const { items: staff } = await ask(boss, 'GET', '/staff');
  const ana = staff.find((each) => each.person.name === 'Ana Bianchi').person.id;
  // Tomorrow has two who have not answered yet.
  for (const [name, at] of [
    ['Tess Arden', '10:00'],
    ['Ulla Brand', '11:00'],
  ]) {
    const { id } = await ask(boss, 'POST', '/contacts', { name });
    await ask(boss, 'POST', '/appointments', {
      contact: id,
      responsible: ana,
      starts_at: `${wednesday(2, 1)}T${at}:00Z`,
    });
  }
  return role;
}

export async function walkAdministrator(tools) {
  const { browser, url, people, person, look, expect, button, forgive, hear, signIn } = tools;
  const boss = await person(browser);
  await signIn(boss, url, people.olga);
  const role = await before(tools, boss);
  const { page: rita } = await newcomer(tools, boss, {
    name: 'Rita Blum',
    email: 'rita@example.com',
    role,
  });
  const heard = hear(rita);
  const day = wednesday(2);

  // Morning: the telephone. Four digits are what the display shows of the caller.
  await rita.goto(`${url}/dashboard`);
  await rita.getByText('Good to see you, Rita Blum.').waitFor();
  await look(rita, 'desk-today');
  await rita.keyboard.press('Control+k');
  await rita.getByRole('combobox', { name: 'Search' }).fill('0187');
  await rita.getByRole('option', { name: /Nora Fields/ }).waitFor();
  await look(rita, 'desk-four-digits');
  await rita.getByRole('option', { name: /Nora Fields/ }).click();
  await rita.getByRole('article').getByText('646 555-0187').first().waitFor();
  await button(rita, 'Record a call').click();
  const call = rita.getByRole('dialog', { name: 'New: Call' });
  await choose(call, 'Direction', 'Incoming');
  await call.getByLabel('About').fill('Wants a haircut in two weeks');
  await look(rita, 'desk-call');
  await button(call, 'Save').click();
  await rita
    .getByRole('region', { name: 'What happened' })
    .getByText('Wants a haircut in two weeks')
    .waitFor();

  // She is booked into a free time, found by the same four digits.
  await rita.goto(`${url}/journal?day=${day}`);
  await rita.locator('.journal-calendar .person').nth(3).waitFor();
  await look(rita, 'desk-journal');
  await button(rita, 'Book').click();
  const booking = rita.getByRole('dialog', { name: 'New appointment' });
  await booking.getByPlaceholder('Name, number, address…').fill('0187');
  await booking.getByRole('option', { name: /Nora Fields/ }).click();
  await choose(booking, 'Service', /^Haircut 45/);
  await choose(booking, 'Who', 'Marta Kowalska');
  const free = booking.getByRole('group', { name: 'Free times' });
  await free.getByRole('button', { name: '10:00', exact: true }).click();
  await look(rita, 'desk-booking');
  await button(booking, 'Book').click();
  const nora = visitOf(rita, 'Nora Fields');
  await nora.waitFor();
  await told(rita, 'Booked.');

  // Somebody stands at the desk and gives no number.
  await rita.keyboard.press('n');
  await booking.getByPlaceholder('Name, number, address…').fill('Wanda');
  await booking.getByRole('option', { name: 'New client: Wanda' }).click();
  await choose(booking, 'Service', /^Brows/);
  await choose(booking, 'Repeats', 'Every week');
  await look(rita, 'desk-walk-in');
  await free.getByRole('button', { name: '09:00, Ana Bianchi' }).click();
  await button(booking, 'Book').click();
  await visitOf(rita, 'Wanda').waitFor();
  await told(rita, 'Booked: 4.');
  await closeNotes(rita);

  // What is taken is said in plain words before anything is done.
  await rita.keyboard.press('n');
  await booking.getByPlaceholder('Name, number, address…').fill('Tess');
  await booking.getByRole('option', { name: /Tess Arden/ }).click();
  await choose(booking, 'Who', 'Marta Kowalska');
  await booking.getByLabel('Begins').fill('10:15');
  await booking.getByText('This lies outside working hours, or beside another appointment.').waitFor();
  const taken = forgive(rita, 409, '/api/v1/appointments');
  await button(booking, 'Book').click();
  await booking.getByText('At this time the person is not free.').waitFor();
  await look(rita, 'desk-taken');
  taken.end();
  await button(booking, 'Clear').click();
  await rita.keyboard.press('Escape');
  await booking.waitFor({ state: 'detached' });

  // Nora would rather have Ana, and half an hour more: by the mouse.
  const columns = rita.locator('.journal-calendar .person');
  const names = await columns.locator('.person-name').allInnerTexts();
  const middle = async (name) => {
    const box = await columns.nth(names.indexOf(name)).boundingBox();
    return box.x + box.width / 2;
  };
  let box = await nora.boundingBox();
  await drag(rita, { x: box.x + 40, y: box.y + 10 }, { x: await middle('Ana Bianchi'), y: box.y + 10 });
  await told(rita, 'Nora Fields: now with Ana Bianchi, 10:00–10:45.');
  await closeNotes(rita);
  box = await nora.boundingBox();
  await drag(
    rita,
    { x: box.x + box.width / 2, y: box.y + box.height - 2 },
    { x: box.x + box.width / 2, y: box.y + box.height - 2 + (box.height / 45) * 30 },
  );
  await told(rita, 'Nora Fields: now 10:00–11:15.');
  await look(rita, 'desk-moved');
  await closeNotes(rita);

  // She does not come; one key says so, and the card remembers.
  await nora.focus();
  await rita.keyboard.press('4');
  await told(rita, 'Nora Fields: Did not come.');
  expect('a no-show is seen in the journal', (await nora.getAttribute('data-status')) === 'no_show');
  await closeNotes(rita);
  await nora.click({ position: { x: 30, y: 20 } });
  await rita.getByRole('group', { name: 'Status' }).waitFor();
  expect('the desk sees the number beside the appointment', await rita.getByText('646 555-0187').isVisible());
  await look(rita, 'desk-no-show');
  await rita.getByRole('link', { name: 'Nora Fields' }).click();
  await rita.getByRole('region', { name: 'Appointments' }).getByText('Did not come').waitFor();

  // Evening: tomorrow is confirmed by keys, and today goes on paper.
  await rita.goto(`${url}/journal?day=${day}`);
  await nora.waitFor();
  await rita.keyboard.press(']');
  for (const name of ['Tess Arden', 'Ulla Brand']) {
    await visitOf(rita, name).focus();
    await rita.keyboard.press('2');
    await told(rita, `${name}: Confirmed.`);
    expect(`${name} is confirmed`, (await visitOf(rita, name).getAttribute('data-status')) === 'confirmed');
  }
  await look(rita, 'desk-confirmed');
  await rita.keyboard.press('[');
  await visitOf(rita, 'Wanda').waitFor();
  await closeNotes(rita);
  await rita.emulateMedia({ media: 'print' });
  expect(
    'what is printed is the day and not the menu around it',
    !(await rita.getByRole('navigation', { name: 'Main' }).isVisible()) &&
      (await visitOf(rita, 'Wanda').isVisible()),
  );
  await look(rita, 'desk-printed');
  await rita.emulateMedia({ media: 'screen' });

  expect(
    'deals stand in no menu of the desk',
    (await rita.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Deals' }).count()) === 0,
  );
  await rita.goto(`${url}/deals?view=list`);
  await rita.getByText('This is closed to you').waitFor();
  const leaked = await heard.where(secret);
  expect(`deals are none of the desk's business (${leaked})`, leaked.length === 0 && heard.count > 20);
}
