// Every surface is met by people who may not see: one whose role opens nothing,
// one who sees the records and not how anybody is reached, and one who sees only
// what is theirs. For each surface: nothing on the screen, and nothing in the raw
// bytes that came for it.
import { newcomer, roleLike, wednesday } from './walking.mjs';

// One client with something on every surface, each with a word of its own.
const name = 'Zelda Quill';
const reach = ['6465550193', '646 555-0193', 'zelda.quill@example.com', 'quillfire.example'];
const words = {
  client: name,
  note: 'quillwort under glass',
  deal: 'Quillstone contract',
  task: 'Quillbark reminder',
  visit: 'quillback at noon',
  call: 'Quillfish call',
  message: 'Quillpaper letter',
  comment: 'quilldust comment',
  folder: 'Quillhouse folder',
  list: 'Quillfair prospects',
  prospect: 'Quentin Quillman',
  invoice: 'Quillwork invoice',
  file: 'quillscan.txt',
  company: 'Quillmoor Ltd',
};

async function plant({ ask }, boss) {
  const post = (path, body) => ask(boss, 'POST', path, body);
  const { items: staff } = await ask(boss, 'GET', '/staff');
  const marta = staff.find((each) => each.person.name === 'Marta Kowalska').person.id;
  const company = await post('/companies', {
    name: words.company,
    website: 'https://quillfire.example',
    phones: [{ number: '+1 646 555 0193' }],
  });
  const client = await post('/contacts', {
    name,
    phones: [{ number: '+1 646 555 0193' }],
    emails: [{ address: 'zelda.quill@example.com' }],
    note: `${words.note}, +1 646 555 0193`,
    tags: ['quilltag'],
    company: company.id,
  });
  // A second one, so that there are probable duplicates to ask about.
  await post('/contacts', { name: 'Z. Quill', phones: [{ number: '+1 646 555 0193' }] });
  await post('/deals', { title: words.deal, contact: client.id, amount: '777.00', currency: 'EUR' });
  await post('/tasks', { title: words.task, contact: client.id, due: new Date().toISOString() });
  await post('/appointments', {
    contact: client.id,
    responsible: marta,
    starts_at: `${wednesday(4)}T10:00:00Z`,
    note: `${words.visit}, +1 646 555 0193`,
  });
  await post('/calls', { title: words.call, contact: client.id, number: [{ number: '+1 646 555 0193' }] });
  await post('/messages', {
    subject: words.message,
    body: 'Write to zelda.quill@example.com',
    contact: client.id,
    channel: 'chat',
    direction: 'in',
  });
  await post('/comments', {
    text: `${words.comment}, call +1 646 555 0193`,
    about_kind: 'contact',
    about: client.id,
  });
  await post('/folders', { name: words.folder });
  const list = await post('/prospect_lists', { name: words.list });
  await post('/prospects', { name: words.prospect, list: list.id, phones: [{ number: '+1 646 555 0193' }] });
  await post('/invoices', { title: words.invoice, contact: client.id });
  const gone = await post('/contacts', {
    name: 'Zelda Quill the elder',
    phones: [{ number: '+1 646 555 0193' }],
  });
  await ask(boss, 'DELETE', `/contacts/${gone.id}`);
  // A file lies on the card.
  await boss.goto(`${new URL(boss.url()).origin}/contacts/${client.id}`);
  const files = boss.getByRole('article').getByRole('region', { name: 'Files' });
  await files.locator('input[type=file]').setInputFiles({
    name: words.file,
    mimeType: 'text/plain',
    buffer: Buffer.from('a scan, +1 646 555 0193'),
  });
  await files.getByRole('button', { name: words.file, exact: true }).waitFor();
  return client;
}

const settle = (page) => page.waitForLoadState('networkidle').catch(() => {});

/** What is met, and how one gets there. */
const surfaces = (client) => ({
  list: { at: '/contacts?search=quill' },
  card: { at: `/contacts/${client}` },
  timeline: { at: `/contacts/${client}?tab=history` },
  board: { at: '/deals?view=board&search=quillstone' },
  deals: { at: '/deals?view=list&search=quillstone' },
  journal: { at: `/journal?day=${wednesday(4)}` },
  week: { at: `/journal?view=week&day=${wednesday(4)}` },
  appointments: { at: '/appointments' },
  booking: {
    at: `/journal?day=${wednesday(4)}&client=${client}`,
    act: async (page) =>
      page
        .getByRole('dialog')
        .waitFor({ timeout: 1500 })
        .catch(() => {}),
  },
  'drop-down': {
    at: `/journal?day=${wednesday(4)}`,
    act: async (page) => {
      await page.keyboard.press('n');
      const box = page.getByPlaceholder('Name, number, address…');
      if (
        !(await box.waitFor({ timeout: 1500 }).then(
          () => true,
          () => false,
        ))
      )
        return;
      await box.fill('quill');
      await page.waitForTimeout(500);
      await box.fill('0193');
      await page.waitForTimeout(500);
    },
  },
  dashboard: { at: '/dashboard' },
  days: { at: '/days' },
  tasks: { at: '/tasks' },
  messages: { at: '/conversations' },
  'messages as a list': { at: '/messages' },
  calls: { at: '/calls' },
  search: {
    at: '/settings/you',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      const box = page.getByRole('combobox', { name: 'Search' });
      for (const typed of ['quill', '0193', 'zelda.quill']) {
        await box.fill(typed);
        await page.waitForTimeout(450);
      }
    },
  },
  duplicates: { at: '/duplicates/contacts' },
  bin: { at: '/bin?kind=contact' },
  invoices: { at: '/invoices' },
  companies: { at: '/companies?search=quillmoor' },
  files: { at: '/files' },
  prospects: { at: '/prospects' },
  'prospect lists': { at: '/prospect_lists' },
  folders: { at: '/folders' },
  processes: { at: '/processes' },
  comments: { at: '/comments' },
});

export async function walkClosed(tools) {
  const { browser, url, people, person, look, expect, forgive, hear, signIn } = tools;
  const boss = await person(browser);
  await signIn(boss, url, people.olga);
  const client = await plant(tools, boss);
  const everything = Object.values(words).concat(reach);

  const nothing = await roleLike(tools, boss, 'specialist', 'Sees nothing', (draft) => ({
    ...draft,
    grades: {},
    sights: [],
    abilities: [],
  }));
  const masked = await roleLike(tools, boss, 'manager', 'Reaches nobody', (draft) => {
    draft.sights = [
      ...draft.sights.filter((rule) => rule.class !== 'contact'),
      { class: 'contact', own: 'masked', group: 'masked', all: 'masked' },
    ];
    draft.abilities = draft.abilities.filter((each) => each !== 'records.find_exact');
    return draft;
  });
  const closedPages = [
    ...['list', 'board', 'deals', 'journal', 'week', 'appointments', 'days', 'tasks', 'messages'],
    ...['messages as a list', 'calls', 'bin', 'invoices', 'companies', 'prospects', 'prospect lists'],
    ...['folders', 'processes'],
  ];
  const watchers = [
    {
      called: 'nothing',
      role: nothing,
      email: 'nil@example.com',
      forbidden: everything,
      closed: closedPages,
    },
    {
      called: 'masked',
      role: masked,
      email: 'mask@example.com',
      forbidden: reach,
      sees: ['list', 'card', 'board', 'journal', 'search', 'drop-down', 'calls', 'messages'],
    },
    { called: 'own', role: 'specialist', email: 'solo@example.com', forbidden: everything },
  ];
  const meet = async (watcher) => {
    const { page } = await newcomer(tools, boss, {
      name: `Nobody ${watcher.called}`,
      email: watcher.email,
      role: watcher.role,
    });
    // What is not theirs is not there, and the console says so.
    forgive(page, 404, '/api/v1/');
    forgive(page, 403, '/api/v1/contacts'); // the bin
    forgive(page, 403, '/api/v1/messages'); // an address that no menu of theirs leads to
    let met = 0;
    let answers = 0;
    for (const [surface, { at, act }] of Object.entries(surfaces(client.id))) {
      // Heard anew for each, so that a leak is told of where it is.
      const heard = hear(page);
      await page.goto(url + at);
      await settle(page);
      if (act) await act(page);
      await settle(page);
      // What is theirs to see is waited for, so that its neighbour has had its time too.
      if (watcher.sees?.includes(surface))
        await page
          .getByText(/quill/i)
          .first()
          .waitFor({ state: 'attached', timeout: 8000 })
          .catch(() => {});
      const shown = await page.evaluate(() => document.documentElement.outerHTML);
      const seen = watcher.forbidden.filter((word) => shown.includes(word));
      expect(`${watcher.called}, ${surface}: nothing stands on the screen (${seen})`, seen.length === 0);
      if (watcher.closed?.includes(surface))
        expect(
          `${watcher.called}, ${surface}: it is said that it is closed`,
          (await page.getByRole('heading', { name: 'This is closed to you' }).count()) === 1,
        );
      const came = await heard.where(...watcher.forbidden);
      expect(`${watcher.called}, ${surface}: nothing has come (${came})`, came.length === 0);
      if (watcher.sees?.includes(surface))
        expect(
          `${watcher.called}, ${surface}: it was really there (Quill)`,
          /quill/i.test(shown.replaceAll(/value="[^"]*"/g, '')),
        );
      heard.end();
      answers += heard.count;
      met++;
    }
    await look(page, `closed-${watcher.called}`);
    expect(
      `${watcher.called}: all surfaces were met`,
      met === Object.keys(surfaces('')).length && answers > met,
    );
  };
  await Promise.all(watchers.map(meet));
}
