// The part of the walk that is about the first days: the owner sets up, brings a
// file in, reads a card, asks who has seen it, lets an employee in, who sees
// masks, and protects the account.
import { protect, walkDemand, walkFactors } from './factors.mjs';
import { walkTerms, walkViewing } from './walk-entry.mjs';
import { walkLists } from './walk-lists.mjs';
import { walkWords } from './walk-words.mjs';

const secret = '+79165550142';
const file = [
  'Name;Phone;E-mail;Tags',
  `Anna Kowalska;${secret};anna@example.com;vip`,
  'Мария Соколова;+79165550143;maria@example.com;новый',
  'Giulia Rossi;+39 055 5550144;;newsletter',
  'Nobody;not a number;;',
].join('\r\n');

/** From an empty workspace to a firm that works in it, and an employee who sees masks. */
export async function walkFirm({ browser, link, url, person, look, expect, button, hear, forgive }) {
  const owner = await person(browser);
  await owner.goto(link);
  await owner.getByLabel('Name of the company').fill('Studio Aurora');
  await owner.getByLabel('Your name').fill('Ana Lopez');
  await owner.getByLabel('Your e-mail').fill('ana@example.com');
  await owner.getByLabel('Password', { exact: true }).fill('four quiet horses cross the river');
  await look(owner, 'setup');
  await button(owner, 'Begin').click();
  const { seed, recovery } = await protect(owner, { look, expect, button });
  await owner.getByText('Your clients will be here').waitFor();
  expect('the token of the set-up is gone from the address', !owner.url().includes('#'));
  await look(owner, 'empty-list');

  await owner.getByRole('link', { name: 'Import a file' }).click();
  await look(owner, 'import');
  await owner
    .locator('input[type=file]')
    .setInputFiles({ name: 'clients.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
  await owner.getByText('What would happen').waitFor();
  await owner.getByRole('cell', { name: 'Anna Kowalska', exact: true }).waitFor();
  await look(owner, 'import-preview');
  await owner.getByRole('button', { name: /^Import \d+ clients$/ }).click();
  await button(owner, 'Undo the import').waitFor({ timeout: 20_000 });
  await look(owner, 'import-done');

  await owner.goto(`${url}/contacts`);
  const row = owner.getByRole('row', { name: /Anna Kowalska/ });
  await row.waitFor();
  expect('the owner sees the number in the list', (await row.innerText()).includes('555-01-42'));
  await look(owner, 'list');
  await owner.getByLabel('Search in this list').fill('kowal');
  await owner.waitForURL(/search=kowal/);
  await owner.getByRole('row', { name: /Мария/ }).waitFor({ state: 'detached' });
  expect('a search leaves what fits', (await owner.getByRole('row').count()) === 2);
  await row.getByRole('link', { name: 'Anna Kowalska' }).click();
  await owner.getByRole('article').waitFor();
  expect(
    'the card has an address of its own beside the search',
    /\/contacts\/contact_\w+\?search=kowal/.test(owner.url()),
  );
  await owner.getByLabel('Comment', { exact: true }).fill('Called, wants Tuesday at ten.');
  await button(owner, 'Send').click();
  await owner.getByText('Called, wants Tuesday at ten.', { exact: true }).last().waitFor();
  await look(owner, 'card');
  const card = owner.url();
  for (const tab of ['Changes', 'Who can see it', 'Who has seen it']) {
    await owner.getByRole('tab', { name: tab }).click();
    await look(owner, tab.toLowerCase().replaceAll(' ', '-'));
  }
  expect(
    'the owner has seen it',
    await owner.getByRole('tabpanel').getByText('Ana Lopez').first().isVisible(),
  );

  await owner.goto(`${url}/settings/people`);
  await button(owner, 'Invite').click();
  const form = owner.getByRole('dialog');
  await form.getByLabel('E-mail addresses').fill('Ben Carter <ben@example.com>');
  await look(owner, 'new-person');
  await button(form, 'Invite').click();
  await owner.getByText(/\/link#/).waitFor();
  await look(owner, 'invited');
  await owner.keyboard.press('Escape');
  await look(owner, 'people');

  await owner.goto(`${url}/settings/roles`);
  await look(owner, 'roles');
  await owner.getByRole('link', { name: /Call centre/ }).click();
  await owner.getByText('What they would see').waitFor();
  await look(owner, 'role');
  await owner.getByText('Table', { exact: true }).click();
  await look(owner, 'role-table');

  for (const place of [
    'settings',
    'settings/you',
    'settings/groups',
    'settings/guard-rails',
    'settings/fields',
    'settings/pipelines',
    'settings/keys',
    'settings/mail',
    'companies',
    'deals',
    'tasks',
    'bin',
    'security',
    'security/sign-ins',
    'security/sessions',
  ]) {
    await owner.goto(`${url}/${place}`);
    await look(owner, place.replaceAll('/', '-'));
  }

  const entry = { owner, url, look, expect, button, forgive };
  await walkTerms(entry);

  // Ben calls people. He may find Anna, and not read her number.
  await owner.goto(`${url}/settings/people`);
  await owner.getByRole('link', { name: 'Ben Carter' }).click();
  await owner
    .getByRole('combobox', { name: 'Role' })
    .or(owner.getByRole('textbox', { name: 'Role' }))
    .first()
    .click();
  await owner.getByRole('option', { name: 'Call centre' }).click();
  await button(owner, 'Save').click();
  await owner.getByRole('button', { name: 'Save', disabled: true }).waitFor();
  // The link that was made for another role holds no more; a new one is shown.
  await button(owner, 'Show a new link').click();
  const invitation = (await owner.getByText(/\/link#/).innerText()).trim();
  await look(owner, 'person');

  const ben = await person(browser);
  const heard = hear(ben);
  await ben.goto(invitation);
  await ben.getByLabel('Password', { exact: true }).fill('nine green lamps above the harbour');
  await look(ben, 'link');
  await button(ben, 'Begin').click();
  const his = ben.getByRole('row', { name: /Anna Kowalska/ });
  await his.waitFor();
  expect('the employee sees a mask', (await his.locator('[data-mask=XXXX]').count()) === 1);
  expect('the employee cannot import', (await ben.getByRole('link', { name: 'Import' }).count()) === 0);
  expect('the number has not come to the employee’s browser', !(await heard.where('5550142')).length);
  await look(ben, 'masked-list');
  await his.getByRole('link', { name: 'Anna Kowalska' }).click();
  await ben.getByRole('article').waitFor();
  await look(ben, 'masked-card');
  expect('the number has not come with the card either', !(await heard.where('5550142')).length);
  const closed = ben
    .getByRole('article')
    .getByRole('button', { name: /^(Show|Why is this closed): Phones$/ });
  expect('a lock stands where the number would', (await closed.count()) === 1);
  await closed.click();
  await ben.waitForTimeout(600);
  await look(ben, 'asked-to-open');
  await ben.goto(`${url}/security`);
  await look(ben, 'no-log-for-ben');

  await owner.goto(`${card.split('?')[0]}?tab=seen`);
  await owner.getByRole('tabpanel').getByText('Ben Carter').waitFor();
  expect('the owner is told that the employee has seen the client', true);
  await owner.goto(`${url}/settings/people`);
  await owner.getByRole('link', { name: 'Ben Carter' }).click();
  await owner.getByRole('button', { name: 'View as Ben Carter' }).click();
  await owner.getByText('You see everything as').waitFor();
  await owner.getByRole('row', { name: /Anna Kowalska/ }).waitFor();
  expect(
    'viewing as the employee shows the mask',
    (await owner
      .getByRole('row', { name: /Anna Kowalska/ })
      .locator('[data-mask=XXXX]')
      .count()) === 1,
  );
  expect('the time that is left is shown', /left$/.test(await owner.getByRole('timer').innerText()));
  await look(owner, 'view-as');
  await button(owner, 'Leave').click();
  await owner.getByText('You see everything as').waitFor({ state: 'detached' });

  await walkViewing(entry);
  await walkLists(entry);
  await walkWords(entry);

  const phone = await person(browser, { width: 390, height: 844 }, 'dark');
  await phone.goto(`${url}/sign-in`);
  await look(phone, 'phone-sign-in');
  await phone.getByLabel('E-mail').fill('ana@example.com');
  await phone.getByLabel('Password', { exact: true }).fill('four quiet horses cross the river');
  await button(phone, 'Sign in').click();
  await look(phone, 'phone-second-step');
  await button(phone, 'Use a recovery code').click();
  await phone.getByLabel('Recovery code').fill(recovery[1]);
  await button(phone, 'Go on').click();
  await phone.getByRole('row', { name: /Anna Kowalska/ }).click();
  await phone.getByRole('article').waitFor();
  await look(phone, 'phone-card');
  await button(phone, 'Close the card').click();
  await phone.getByRole('grid').waitFor();
  await look(phone, 'phone-list');
  for (const place of [
    'security',
    'security/networks',
    'settings/people',
    'settings/roles',
    'settings/guard-rails',
    'import',
    'deals',
  ]) {
    await phone.goto(`${url}/${place}`);
    await look(phone, `phone-dark-${place.replace('/', '-')}`);
  }

  const who = { email: 'ana@example.com', password: 'four quiet horses cross the river' };
  await walkFactors({ owner, person, browser, look, expect, button, url, who, seed, recovery });
  await walkDemand({ owner, ben, look, expect, button, url });
  await phone.goto(`${url}/settings/you`);
  await look(phone, 'phone-dark-you');
}
