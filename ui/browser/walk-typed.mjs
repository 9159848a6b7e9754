// What somebody types is there again, or is asked about before it is left; and
// what was not answered is not done twice.
import { found } from './walking.mjs';

export async function walkTyped(tools) {
  const { url, look, expect, ask, button, forgive, signIn } = tools;
  const owner = await found(tools);
  const rail = (path) => owner.locator(`nav a[href="${path}"]`).first();
  const dialog = (name) => owner.getByRole('dialog', { name });
  const away = async (name) => {
    await owner.keyboard.press('Escape');
    await dialog(name).waitFor({ state: 'detached' });
  };

  // Pasted rows outlive a press of Escape, and are those of their list.
  const fair = await ask(owner, 'POST', '/prospect_lists', { name: 'Fair' });
  const other = await ask(owner, 'POST', '/prospect_lists', { name: 'Another fair' });
  const rows = owner.getByRole('textbox', { name: 'Rows' });
  const paste = async (id) => {
    await owner.goto(`${url}/prospect_lists/${id}`);
    await owner.getByRole('article').getByRole('button', { name: 'Paste rows…' }).click();
    await rows.waitFor();
  };
  await paste(fair.id);
  await rows.fill('Name\tPhone\nLena Holm\t+49 30 555 0142');
  await owner.keyboard.press('Escape');
  await rows.waitFor({ state: 'detached' });
  await paste(other.id);
  expect('rows pasted for one list are not those of another', (await rows.inputValue()) === '');
  await paste(fair.id);
  expect('pasted rows are there again after Escape', (await rows.inputValue()).includes('Lena Holm'));
  await look(owner, 'typed-rows');
  await owner.getByRole('button', { name: 'Add 1 row' }).click();
  await rows.waitFor({ state: 'detached' });
  await paste(fair.id);
  expect('and gone once they are added', (await rows.inputValue()) === '');
  await owner.keyboard.press('Escape');

  // So do addresses of people to invite.
  const invite = 'Invite people';
  const addresses = owner.getByRole('textbox', { name: 'E-mail addresses' });
  await owner.goto(`${url}/settings/people`);
  await button(owner, 'Invite').click();
  await addresses.fill('ben@example.com, carla@example.com');
  await away(invite);
  await button(owner, 'Invite').click();
  expect(
    'addresses to invite are there again after Escape',
    (await addresses.inputValue()) === 'ben@example.com, carla@example.com',
  );
  await addresses.fill('ben@example.com');
  await button(dialog(invite), 'Invite').click();
  await button(dialog(invite), 'Done').waitFor();
  await owner.keyboard.press('Escape');
  await owner.mouse.click(5, 5);
  expect('a link that is shown once goes by “Done” alone', await dialog(invite).isVisible());
  await button(dialog(invite), 'Done').click();
  await dialog(invite).waitFor({ state: 'detached' });

  // A changed field shows what was typed, says so, and takes it back.
  await ask(owner, 'POST', '/kinds/contact/fields', {
    label: 'Shoe size',
    labels: { en: 'Shoe size' },
    type: 'integer',
    class: 'personal',
  });
  await owner.goto(`${url}/settings/fields`);
  const change = 'Change: Shoe size';
  const name = dialog(change).getByRole('textbox', { name: 'Name' });
  await button(owner, change).click();
  await name.fill('Size of the shoes');
  await away(change);
  await button(owner, change).click();
  expect(
    'a field that was begun to change is as it was left',
    (await name.inputValue()) === 'Size of the shoes',
  );
  await look(owner, 'typed-field');
  await button(dialog(change), 'Leave as it was').click();
  expect('and can be taken back', (await name.inputValue()) === 'Shoe size');
  await away(change);

  // A record is shared with whom was chosen before.
  const nora = await ask(owner, 'POST', '/contacts', { name: 'Nora Fields' });
  const olga = await ask(owner, 'POST', '/contacts', { name: 'Olga Brook' });
  const share = async (id) => {
    await owner.goto(`${url}/contacts/${id}`);
    await owner.getByRole('article').getByRole('button', { name: 'More' }).click();
    await owner.getByRole('menuitem', { name: 'Share…' }).click();
    await dialog('Share').waitFor();
  };
  const may = () => dialog('Share').getByRole('radio', { name: 'see and change it' }).isChecked();
  await share(nora.id);
  await dialog('Share').getByRole('combobox', { name: 'With whom' }).click();
  await owner.getByRole('option', { name: 'Ben' }).click();
  await dialog('Share').getByText('see and change it').click();
  await away('Share');
  await share(olga.id);
  expect('what was chosen for one record is not said of another', !(await may()));
  await button(dialog('Share'), 'Close').click();
  await dialog('Share').waitFor({ state: 'detached' });
  await share(nora.id);
  expect('what was chosen for sharing is there again', await may());
  await away('Share');

  // Pages with a "Save" ask once before they are left, and not otherwise.
  const question = dialog('Leave without saving?');
  await owner.goto(`${url}/settings`);
  const company = owner.getByRole('textbox', { name: 'Name of the company' });
  await company.waitFor();
  await rail('/contacts').click();
  await owner.waitForURL('**/contacts');
  await rail('/settings').click();
  await company.fill('Studio Aurora and Daughters');
  await rail('/contacts').click();
  await question.waitFor();
  await look(owner, 'typed-question');
  await button(question, 'Stay').click();
  await question.waitFor({ state: 'detached' });
  expect('who stays has what was typed', (await company.inputValue()) === 'Studio Aurora and Daughters');
  await owner.goBack().catch(() => {});
  await question.waitFor();
  await owner.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  expect('the way back asks as well, and Escape stays', new URL(owner.url()).pathname === '/settings');
  // The browser asks before the tab is closed.
  const asked = new Promise((done) =>
    owner.once('dialog', async (it) => {
      await it.dismiss();
      done(it.type());
    }),
  );
  await owner.close({ runBeforeUnload: true });
  expect('closing the tab asks', (await asked) === 'beforeunload');
  await button(owner, 'Save').click();
  await owner.getByText('Studio Aurora and Daughters').first().waitFor();
  await rail('/contacts').click();
  await owner.waitForURL('**/contacts');
  expect('after a save nothing is asked', !(await question.isVisible()));
  await owner.goto(`${url}/settings/pipelines`);
  const stage = owner.getByRole('textbox', { name: 'Stage 1' }).first();
  await stage.fill('First word');
  await owner.getByRole('link', { name: 'Groups' }).click();
  await button(question, 'Leave without saving').click();
  await owner.waitForURL('**/settings/groups');
  await owner.getByRole('link', { name: 'Pipelines' }).click();
  await stage.waitFor();
  expect('who leaves without saving finds what was saved', (await stage.inputValue()) !== 'First word');

  // Two presses of Enter make one group, and ask for one.
  let posts = 0;
  owner.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/api/v1/groups') posts++;
  });
  await owner.goto(`${url}/settings/groups`);
  await owner.getByRole('textbox', { name: 'Name of a new group' }).fill('North');
  await owner.evaluate(() => {
    const { form } = document.querySelector('input[aria-label="Name of a new group"]');
    form.requestSubmit();
    form.requestSubmit();
  });
  await owner.getByText('North').first().waitFor();
  await owner.waitForTimeout(500);
  const groups = (await ask(owner, 'GET', '/groups')).items;
  expect('two presses of Enter make one group', groups.length === 1 && posts === 1);

  // A network in the box is meant, also when nobody pressed "Add".
  await owner.goto(`${url}/security/networks`);
  await button(owner, 'Change').first().click();
  await button(owner, 'Add your address 127.0.0.1').click();
  await owner.getByRole('textbox', { name: 'Address or network' }).fill('192.0.2.0/24');
  await owner.getByRole('link', { name: 'Sessions' }).click();
  await button(question, 'Stay').click();
  await button(owner, 'Save').click();
  await button(owner, 'Change').first().waitFor();
  const terms = await ask(owner, 'GET', '/security/terms');
  expect('it is saved with the others', terms.workspace.networks.join() === '127.0.0.1,192.0.2.0/24');

  // A half-written field of a card is asked about; the list beside it may move on.
  await owner.goto(`${url}/contacts/${nora.id}`);
  const card = owner.getByRole('article');
  await card.getByRole('button', { name: /empty fields/ }).click();
  await button(card, 'Add: Note').click();
  await card.getByRole('textbox', { name: 'Note' }).fill('Likes roses');
  await owner.getByRole('link', { name: 'Olga Brook' }).first().click();
  await button(question, 'Stay').click();
  await question.waitFor({ state: 'detached' });
  expect(
    'a half-written note is not lost to a press beside it',
    (await card.getByRole('textbox', { name: 'Note' }).inputValue()) === 'Likes roses',
  );
  await button(card, 'Save').click();
  await card.getByText('Likes roses').first().waitFor();
  await owner.getByRole('link', { name: 'Olga Brook' }).first().click();
  await owner.waitForURL(`**/contacts/${olga.id}**`);

  // A name that is refused stays, and says why.
  await owner.goto(`${url}/contacts/${nora.id}`);
  await owner.route(`**/api/v1/contacts/${nora.id}`, (route) =>
    route.request().method() === 'PATCH'
      ? route.fulfill({ status: 422, json: { status: 422, code: 'field.long', field: 'name' } })
      : route.fallback(),
  );
  const long = forgive(owner, 422, `/api/v1/contacts/${nora.id}`);
  await card.getByRole('heading').getByRole('button', { name: 'Nora Fields' }).click();
  await card.getByRole('textbox', { name: 'Name' }).fill('Nora Fields of the Hill');
  await owner.keyboard.press('Enter');
  await card.getByRole('alert').waitFor();
  expect(
    'a name that is refused stays, and says why',
    (await card.getByRole('textbox', { name: 'Name' }).inputValue()) === 'Nora Fields of the Hill' &&
      (await card.getByRole('alert').innerText()) === 'These are too many characters.',
  );
  await look(owner, 'typed-title');
  await owner.unroute(`**/api/v1/contacts/${nora.id}`);
  long.end();
  await card.getByRole('textbox', { name: 'Name' }).focus();
  await owner.keyboard.press('Enter');
  await card.getByRole('heading', { name: 'Nora Fields of the Hill' }).waitFor();
  await ask(owner, 'PATCH', `/contacts/${nora.id}`, { name: 'Nora Fields' });

  // A booking is begun for one client, and is not that of the next.
  const me = await ask(owner, 'GET', '/session');
  const week = Array.from({ length: 7 }, () => [{ from: 0, to: 1440 }]);
  await ask(owner, 'PUT', `/staff/${me.person.id}`, { week, position: 'Stylist' });
  const booking = dialog('New appointment');
  const note = booking.getByRole('textbox', { name: 'Note' });
  const book = async (id) => {
    await owner.goto(`${url}/journal?client=${id}`);
    await note.waitFor();
    await booking.getByText(id === nora.id ? 'Nora Fields' : 'Olga Brook').waitFor();
  };
  await book(nora.id);
  await note.fill('By the window');
  await away('New appointment');
  await book(olga.id);
  expect('a booking for another client begins empty', (await note.inputValue()) === '');
  await note.fill('With her mother');
  await away('New appointment');
  await book(nora.id);
  expect(
    'a booking that was begun for a client is that client’s',
    (await note.inputValue()) === 'By the window',
  );
  await away('New appointment');

  // An answer that is lost on the way: the same is not made twice, a changed one is made anew.
  await owner.goto(`${url}/contacts`);
  const keys = [];
  let lost = 2;
  const losing = async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    keys.push(route.request().headers()['idempotency-key']);
    if (lost-- <= 0) return route.fallback();
    await route.fetch();
    await route.fulfill({ status: 502 });
  };
  await button(owner, 'New').click();
  const create = dialog('New: Client');
  await create.getByRole('textbox', { name: 'Name' }).fill('Paul Reed');
  const phone = create.getByRole('textbox', { name: 'Phones: number' });
  await phone.fill('none');
  const wrong = forgive(owner, 422, '/api/v1/contacts');
  await button(create, 'Save').click();
  await create.getByRole('alert').waitFor();
  expect(
    'what is wrong with a field is said beside it, in the words of the page',
    (await create.getByRole('group').getByText('This is not a number that can be called.').count()) === 1,
  );
  wrong.end();
  await phone.fill('');
  await owner.route('**/api/v1/contacts', losing);
  const refused = forgive(owner, 502, '/api/v1/contacts');
  await button(create, 'Save').click();
  await create.getByRole('alert').waitFor();
  await owner.keyboard.press('Escape');
  await create.waitFor({ state: 'detached' });
  await button(owner, 'New').click();
  await button(create, 'Save').click();
  await create.getByRole('alert').waitFor();
  await create.getByRole('textbox', { name: 'Name' }).fill('Paula Reed');
  await button(create, 'Save').click();
  await create.waitFor({ state: 'detached' });
  refused.end();
  await owner.unroute('**/api/v1/contacts', losing);
  const made = (await ask(owner, 'GET', '/contacts?search=Reed')).items.map((each) => each.name).sort();
  expect(
    `the same sent again is made once, a changed one anew (${made})`,
    made.join() === 'Paul Reed,Paula Reed',
  );
  expect('the same has one key, also after its drawer was closed', keys.length === 3 && keys[0] === keys[1]);
  expect('and a changed one has another', keys[2] && keys[2] !== keys[0]);

  // A board that was searched says that nothing was found, not that nothing is there.
  await ask(owner, 'POST', '/deals', { title: 'A garden of roses', contact: nora.id });
  await owner.goto(`${url}/deals?search=roses`);
  await owner.getByText('A garden of roses').first().waitFor();
  expect(
    'an empty stage of a searched board says that nothing was found',
    (await owner.getByText('Nothing found in this stage').count()) > 0 &&
      (await owner.getByText('Nothing in this stage').count()) === 0,
  );
  await owner.goto(`${url}/deals`);
  await owner.getByText('Nothing in this stage').first().waitFor();
  expect('and without a search that nothing is there', true);

  // Whoever signs out is asked before, and is out then; a session that ended elsewhere shows the door at once.
  const out = async () => {
    await button(owner, 'You: Ana Lopez').click();
    await owner.getByRole('menuitem', { name: 'Sign out' }).click();
  };
  await owner.goto(`${url}/settings`);
  await company.fill('Another name');
  await out();
  await button(question, 'Stay').click();
  await question.waitFor({ state: 'detached' });
  expect('who stays is still signed in', (await ask(owner, 'GET', '/session')).person.name === 'Ana Lopez');
  await out();
  await button(question, 'Leave without saving').click();
  await owner.waitForURL('**/sign-in');
  expect(
    'whoever signed out is shown the door, whatever was not saved',
    await owner.evaluate(() => sessionStorage.length === 0),
  );
  await signIn(owner, url, { email: 'ana@example.com', password: 'four quiet horses cross the river' });
  await owner.goto(`${url}/settings`);
  await company.fill('Another name');
  owner.sessionEnds = true;
  await ask(owner, 'DELETE', '/session');
  await owner.waitForURL('**/sign-in**', { timeout: 60_000 });
  expect('a session that ended elsewhere shows the door, whatever was not saved', true);
}
