// Walks through the page as people do, in a real browser against the real
// program on an empty workspace: the owner sets up, brings a file in, reads a
// card, asks who has seen it, and lets an employee in, who sees masks.
//
// On every page on the way: no complaint in the console, no breach of the
// content policy, nothing that axe knows to keep people out.
//
//   CASTELLAN_BIN=./castellan npm run walk
//
// With --shots DIR a picture of each stop is kept.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { options, start } from './browser.mjs';
import { protect, walkDemand, walkFactors } from './factors.mjs';
import { walkTerms, walkViewing } from './walk-entry.mjs';
import { walkLists } from './walk-lists.mjs';
import { namesShown, walkWords, watchWords } from './walk-words.mjs';

const program = process.env.CASTELLAN_BIN;
if (!program) throw new Error('CASTELLAN_BIN must name the program');
const { shots } = options({ shots: '' });
if (shots) mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const secret = '+79165550142';
const file = [
  'Name;Phone;E-mail;Tags',
  `Anna Kowalska;${secret};anna@example.com;vip`,
  'Мария Соколова;+79165550143;maria@example.com;новый',
  'Giulia Rossi;+39 055 5550144;;newsletter',
  'Nobody;not a number;;',
].join('\r\n');

let passed = 0;
const failed = [];
const complaints = [];

function expect(what, held) {
  if (held) passed++;
  else {
    failed.push(what);
    console.error(`not so: ${what}`);
  }
}

const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Starts the program and waits for the link by which the first person becomes the owner. */
async function serve(data) {
  const port = await freePort();
  const child = spawn(
    resolve(program),
    // Passkeys are made for names, not for addresses.
    ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--url', `http://localhost:${port}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // The program refuses settings that it does not know.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CASTELLAN_'))),
    },
  );
  let said = '';
  const link = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no link after 30 s:\n${said}`)), 30_000);
    const listen = (chunk) => {
      said += chunk;
      const found = /https?:\/\/\S+\/setup#\S+/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      done(found[0]);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => fail(new Error(`the program ended (${code}):\n${said}`)));
  });
  return { child, link, url: new URL(link).origin };
}

/** A browser of one person's own, watched for complaints. */
async function person(browser, size = { width: 1440, height: 900 }, colorScheme = 'light') {
  const context = await browser.newContext({
    viewport: size,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    colorScheme,
  });
  // Stands in every page before its own scripts, which the content policy does not touch.
  await context.addInitScript({ content: axe });
  await context.addInitScript({
    content: `window.breaches = []; addEventListener('securitypolicyviolation', (e) => breaches.push(e.violatedDirective + ' ' + e.blockedURI));`,
  });
  await context.addInitScript({ content: watchWords });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // The browser itself tells of every 401: that is how the page learns that nobody is signed in.
    // So it is with a look through other eyes that is over.
    if (/status of 40[13]/.test(message.text()) && message.location().url.endsWith('/api/v1/session')) return;
    const { pathname } = new URL(message.location().url || 'about:blank');
    // A page whose session ends under it is told so by whatever it asks next; the walk says where that is.
    if (/status of 401/.test(message.text()) && pathname.startsWith('/api/') && page.sessionEnds) return;
    // So it is while a look through other eyes ends.
    if (/status of 403/.test(message.text()) && pathname.startsWith('/api/') && page.lookEnds) return;
    // And of every proof that was refused, which the walk does on purpose.
    if (/status of (401|403|422)/.test(message.text()) && /\/session\/factor|\/api\/v1\/keys/.test(pathname))
      return;
    // And of a change that came too late, which the walk does on purpose.
    if (/status of 4(09|12)/.test(message.text()) && /\/api\/v1\/contacts\//.test(pathname)) return;
    complaints.push(`${new URL(page.url()).pathname}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${new URL(page.url()).pathname}: ${error.message}`));
  return page;
}

let stops = 0;

/** Looks at the page as it stands. */
async function look(page, name) {
  await page.waitForLoadState('networkidle').catch(() => {});
  await page
    .locator('h1')
    .first()
    .waitFor({ timeout: 10_000 })
    .catch(() => {});
  await page.waitForTimeout(250);
  const { breaches, violations } = await page.evaluate(async () => ({
    breaches: window.breaches,
    violations: (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map(
      (each) =>
        `${each.id}: ${each.nodes
          .map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim()}`)
          .slice(0, 4)
          .join(' | ')}`,
    ),
  }));
  expect(`${name}: nothing breaks the content policy (${breaches.join('; ')})`, breaches.length === 0);
  const nameless = await namesShown(page);
  expect(`${name}: every sentence is shown in words (${nameless.join(', ')})`, nameless.length === 0);
  expect(`${name}: nothing keeps people out\n  ${violations.join('\n  ')}`, violations.length === 0);
  if (shots) await page.screenshot({ path: join(shots, `${String(++stops).padStart(2, '0')}-${name}.png`) });
}

const button = (page, name) => page.getByRole('button', { name, exact: true });

async function walk(browser, { link, url }) {
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

  const entry = { owner, url, look, expect, button };
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
  const heard = [];
  ben.on('response', async (response) => {
    if (response.url().includes('/api/')) heard.push(await response.text().catch(() => ''));
  });
  await ben.goto(invitation);
  await ben.getByLabel('Password', { exact: true }).fill('nine green lamps above the harbour');
  await look(ben, 'link');
  await button(ben, 'Begin').click();
  const his = ben.getByRole('row', { name: /Anna Kowalska/ });
  await his.waitFor();
  expect('the employee sees a mask', (await his.locator('[data-mask=XXXX]').count()) === 1);
  expect('the employee cannot import', (await ben.getByRole('link', { name: 'Import' }).count()) === 0);
  expect('the number has not come to the employee’s browser', !heard.join('').includes('5550142'));
  await look(ben, 'masked-list');
  await his.getByRole('link', { name: 'Anna Kowalska' }).click();
  await ben.getByRole('article').waitFor();
  await look(ben, 'masked-card');
  expect('the number has not come with the card either', !heard.join('').includes('5550142'));
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

const data = mkdtempSync(join(tmpdir(), 'castellan-walk-'));
const server = await serve(data);
const browser = await start();
let fell = null;
try {
  await walk(browser, server);
} catch (error) {
  fell = error;
  for (const context of browser.contexts()) {
    for (const page of context.pages()) {
      console.error(`the page stood at ${new URL(page.url()).pathname}`);
      if (shots) await page.screenshot({ path: join(shots, `fell-${stops++}.png`) }).catch(() => {});
    }
  }
} finally {
  await browser.close();
  const ended = new Promise((done) => server.child.once('exit', done));
  server.child.kill('SIGTERM');
  expect('the program ends well when it is asked to', (await ended) === 0);
}
expect(`nothing complains:\n  ${complaints.join('\n  ')}`, complaints.length === 0);
if (fell) {
  failed.push('the walk');
  console.error(fell);
}
if (failed.length) console.error(`the data is kept in ${data}`);
else rmSync(data, { recursive: true, force: true });
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length ? 1 : 0);
