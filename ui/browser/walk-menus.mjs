// What floats is a page, too: every menu, list and window that opens over another
// page is asked about as those are, while it is open.
const settle = (page) => page.waitForLoadState('networkidle').catch(() => {});

/** Where something opens, how, and what stands there then. */
const floating = (client) => ({
  'your menu': {
    at: '/contacts',
    open: (page) => page.getByRole('button', { name: /^You: / }).click(),
    is: 'menu',
  },
  languages: {
    at: '/contacts',
    open: async (page) => {
      await page.getByRole('button', { name: /^You: / }).click();
      await page.getByRole('menuitem', { name: 'English' }).click();
      await page.getByRole('menuitem', { name: 'Polski' }).waitFor();
    },
    is: 'menu',
  },
  notices: {
    at: '/contacts',
    open: (page) => page.getByRole('button', { name: /^Notices/ }).click(),
    is: 'dialog',
  },
  'columns of a list': {
    wide: true, // a phone shows its rows as cards
    at: '/contacts',
    open: (page) => page.getByRole('button', { name: 'Columns' }).click(),
    is: 'dialog',
  },
  'fields of a filter': {
    at: '/contacts',
    open: async (page) => {
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByRole('combobox', { name: 'By which field?' }).click();
    },
    is: 'listbox',
  },
  'menu of a card': {
    at: `/contacts/${client}`,
    open: (page) => page.getByRole('article').getByRole('button', { name: 'More' }).click(),
    is: 'menu',
  },
  'what is done with many': {
    wide: true,
    at: '/contacts',
    open: async (page) => {
      await page.getByRole('checkbox').nth(1).check();
      await page.getByRole('button', { name: 'Assign' }).click();
      await page.getByRole('combobox', { name: 'Who is responsible' }).click();
    },
    is: 'listbox',
  },
  'ways of a deal': {
    at: '/deals?view=board',
    open: (page) => page.getByRole('button', { name: 'Move to…' }).first().click(),
    is: 'menu',
  },
  'services of a booking': {
    at: '/journal',
    open: async (page) => {
      await page.getByRole('button', { name: 'Book' }).click();
      await page.getByRole('combobox', { name: 'Service' }).click();
    },
    is: 'listbox',
  },
  'clients of a booking': {
    at: '/journal',
    open: async (page) => {
      await page.getByRole('button', { name: 'Book' }).click();
      await page.getByPlaceholder('Name, number, address…').fill('zof');
      await page.getByRole('option').first().waitFor();
    },
    is: 'listbox',
  },
  search: {
    at: '/contacts',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Search' }).fill('zof');
      await page.getByRole('option', { name: /Zofia/ }).first().waitFor();
    },
    is: 'listbox',
  },
  'what a stage asks for': {
    at: '/settings/pipelines',
    open: (page) => page.getByRole('combobox', { name: /^What the stage New asks for/ }).click(),
    is: 'listbox',
  },
  'words of a right': {
    at: '/settings/roles',
    open: async (page) => {
      await page.getByRole('link', { name: /Specialist/ }).click();
      await page
        .getByRole('button', { name: /Clients/ })
        .first()
        .click();
    },
    is: 'menu',
  },
});

export async function walkMenus({ browser, url, people, person, look, expect, signIn, ask }) {
  for (const [size, scheme] of [
    [{ width: 1280, height: 900 }, 'light'],
    [{ width: 390, height: 844 }, 'dark'],
  ]) {
    const phone = size.width < 500;
    const page = await person(browser, size, scheme);
    await signIn(page, url, people.olga);
    const { items } = await ask(page, 'GET', '/contacts?limit=1');
    for (const [name, { at, open, is, wide }] of Object.entries(floating(items[0].id))) {
      if (phone && wide) continue;
      await page.goto(url + at);
      await settle(page);
      await open(page);
      await page.locator(`[role=${is}]:visible`).first().waitFor();
      await page.waitForTimeout(250); // what opens fades in, and is measured when it stands
      await look(page, `${phone ? 'phone' : 'desk'} ${name}`);
      expect(`${name}: it is still open`, await page.locator(`[role=${is}]:visible`).first().isVisible());
      await page.keyboard.press('Escape');
    }
  }
}
