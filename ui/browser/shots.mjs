// Makes pictures of every page, to be looked at: light and dark, desk and
// phone, in two languages.
//
//   npm run shots -- --url http://127.0.0.1:8080 --out DIR --email ana@example.com --password …
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { options, patient, start } from './browser.mjs';

const asked = options({
  url: 'http://127.0.0.1:8080',
  out: 'shots',
  email: '',
  password: '',
  languages: 'en,ru',
  schemes: 'light,dark',
  sizes: 'desk,phone',
  only: '',
});
const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

/** The pages by name. A page may be prepared: opened, clicked, typed into. */
const pages = {
  clients: { path: '/contacts' },
  card: { path: '/contacts', act: openFirst },
  'card-access': { path: '/contacts', act: (page) => openFirst(page, 'access') },
  'card-seen': { path: '/contacts', act: (page) => openFirst(page, 'seen') },
  'card-history': { path: '/contacts', act: (page) => openFirst(page, 'history') },
  filter: { path: '/contacts?filter=tags%20has%20vip%20and%20city%20contains%20berlin' },
  nothing: { path: '/contacts?search=zzzzqqqq' },
  new: { path: '/contacts', act: (page) => page.keyboard.press('n') },
  companies: { path: '/companies' },
  deals: { path: '/deals' },
  'deals-list': { path: '/deals?view=list' },
  tasks: { path: '/tasks' },
  today: { path: '/dashboard' },
  days: { path: '/days' },
  conversations: { path: '/conversations' },
  journal: { path: '/journal' },
  'journal-week': { path: '/journal?view=week' },
  booking: { path: '/journal', act: (page) => page.keyboard.press('n') },
  visit: { path: '/journal', act: (page) => page.locator('[data-visit], ol li button').first().click() },
  invoices: { path: '/invoices' },
  'new-invoice': { path: '/invoices', act: (page) => page.keyboard.press('n') },
  duplicates: { path: '/duplicates/contacts' },
  security: { path: '/security' },
  'sign-ins': { path: '/security/sign-ins' },
  exports: { path: '/security/exports' },
  export: {
    path: '/contacts',
    act: (page) => page.locator('button:has(.tabler-icon-file-export)').first().click(),
  },
  sessions: { path: '/security/sessions' },
  you: { path: '/settings/you' },
  import: { path: '/import' },
  bin: { path: '/bin' },
  settings: { path: '/settings' },
  people: { path: '/settings/people' },
  person: { path: '/settings/people', act: (page) => page.locator('tbody a').last().click() },
  roles: { path: '/settings/roles' },
  role: {
    path: '/settings/roles',
    act: (page) => page.locator('a[href*="/settings/roles/"]').nth(1).click(),
  },
  groups: { path: '/settings/groups' },
  'guard-rails': { path: '/settings/guard-rails' },
  fields: { path: '/settings/fields' },
  pipelines: { path: '/settings/pipelines' },
  words: { path: '/settings/words' },
  services: { path: '/settings/services' },
  staff: { path: '/settings/staff' },
  keys: { path: '/settings/keys' },
  search: { path: '/contacts', act: (page) => page.keyboard.press('Control+k') },
};

async function openFirst(page, tab) {
  await page.locator('[role="row"] a').first().click();
  await page.locator('article').waitFor();
  if (tab) {
    const url = new URL(page.url());
    url.searchParams.set('tab', tab);
    await page.goto(url.href);
  }
}

mkdirSync(asked.out, { recursive: true });
const browser = await start();
let made = 0;
try {
  for (const size of asked.sizes.split(',')) {
    for (const colorScheme of asked.schemes.split(',')) {
      const context = await browser.newContext({
        viewport: sizes[size],
        colorScheme,
        locale: 'en-GB',
        reducedMotion: 'reduce',
        hasTouch: size === 'phone',
      });
      const page = patient(await context.newPage());
      page.on('console', (message) => {
        if (message.type() === 'error') console.error(`${page.url()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => console.error(`${page.url()}: ${error.message}`));
      if (asked.email) await signIn(page);
      for (const language of asked.languages.split(',')) {
        await speak(page, language);
        for (const [name, { path, act }] of Object.entries(pages)) {
          if (asked.only && !asked.only.split(',').includes(name)) continue;
          await page.goto(asked.url + path);
          await settle(page);
          if (act) {
            await act(page);
            await page.waitForTimeout(700); // a part's own code may still be on its way
            await settle(page);
          }
          await page.screenshot({ path: join(asked.out, `${name}.${language}.${colorScheme}.${size}.png`) });
          made++;
        }
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
console.log(`${made} pictures in ${asked.out}`);

async function settle(page) {
  await page.waitForLoadState('networkidle').catch(() => {});
  await page.waitForTimeout(250);
}

async function signIn(page) {
  await page.goto(`${asked.url}/sign-in`);
  await page.locator('input[type=email]').fill(asked.email);
  await page.locator('input[autocomplete="current-password"]').fill(asked.password);
  await page.locator('button[type=submit]').click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  // Whoever may do much harm is led to a second step first; the pictures are of what comes after.
  if (new URL(page.url()).pathname === '/protect') await page.goto(asked.url);
}

/** Sets the person's language as the page does. */
async function speak(page, language) {
  await page.goto(asked.url);
  await page.evaluate(async (word) => {
    const session = await (await fetch('/api/v1/session')).json();
    await fetch(`/api/v1/people/${session.person.id}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ language: word }),
    });
  }, language);
}
