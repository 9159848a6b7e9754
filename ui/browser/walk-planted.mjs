// Attack 51, on every surface: whatever people may write anywhere is written as a
// program would be, and read again wherever it is shown. Nothing of it runs, nothing
// of it becomes a part of the page, and it stands there letter by letter.
import { found } from './walking.mjs';

const program = (where) => `<img src=x onerror=window.planted="${where}">${where}</b>"'`;

// The content policy would stop a program that has become part of the page; that it
// never does is looked for by itself.
const parts = () => ({
  ran: window.planted,
  parts: [...document.querySelectorAll('img[src="x"], [onerror], [onload], a[href^="javascript:" i]')].map(
    (each) => each.outerHTML.slice(0, 120),
  ),
});

async function plant({ ask }, boss) {
  const post = (path, body) => ask(boss, 'POST', path, body);
  await ask(boss, 'PATCH', '/settings', { workspace: program('workspace').slice(0, 90) });
  const words = await ask(boss, 'GET', '/settings/words');
  await ask(boss, 'PUT', '/settings/words', {
    ...words,
    tags: [program('tag')],
    sources: [program('source')],
  });
  await post('/kinds/contact/fields', { type: 'text', label: program('field'), class: 'open' });
  const pipeline = await post('/pipelines', {
    kind: 'deal',
    name: program('pipeline'),
    stages: [
      { name: program('stage'), outcome: 'open' },
      { name: 'Won', outcome: 'won' },
      { name: program('lost'), outcome: 'lost' },
    ],
    reasons: [program('reason')],
  });
  await post('/groups', { name: program('group') });
  const role = await post('/roles', {
    name: program('role'),
    grades: { contact: { view: 'all' } },
    sights: [],
    abilities: [],
  });
  await post('/people', { email: 'eve@example.com', name: program('person'), role: role.id, invite: 'link' });
  const service = await post('/services', {
    name: program('service'),
    duration: 60,
    category: program('category'),
  });
  const company = await post('/companies', { name: program('company'), note: program('company note') });
  const kinds = await ask(boss, 'GET', '/kinds');
  const custom = kinds.items.find((each) => each.name === 'contact').fields.find((each) => each.custom);
  const client = await post('/contacts', {
    name: program('client'),
    job_title: program('job'),
    city: program('city'),
    address: program('address'),
    source: program('source'),
    tags: [program('tag')],
    note: program('note'),
    company: company.id,
    website: `https://example.com/"><script>window.planted=1</script>`,
    phones: [{ number: '+1 646 555 0170', label: program('label').slice(0, 30) }],
    [custom.name]: program('custom'),
  });
  await post('/contacts', { name: program('twin'), phones: [{ number: '+1 646 555 0170' }] });
  const deal = await post('/deals', {
    title: program('deal'),
    contact: client.id,
    pipeline: pipeline.id,
    stage: pipeline.stages[0].id,
    note: program('deal note'),
  });
  await post('/tasks', { title: program('task'), contact: client.id, due: new Date().toISOString() });
  const me = (await ask(boss, 'GET', '/session')).person.id;
  const appointment = {
    contact: client.id,
    responsible: me,
    service: service.id,
    note: program('visit'),
    starts_at: new Date(Date.now() + 3_600_000).toISOString(),
  };
  await post('/appointments', appointment).catch(() =>
    post('/appointments', { ...appointment, beside: true }),
  );
  await post('/calls', { title: program('call'), contact: client.id });
  await post('/messages', {
    subject: program('subject'),
    body: program('body'),
    contact: client.id,
    channel: 'chat',
    direction: 'in',
  });
  await post('/comments', { text: program('comment'), about_kind: 'contact', about: client.id });
  await post('/folders', { name: program('folder') });
  const list = await post('/prospect_lists', { name: program('prospects') });
  await post('/prospects', { name: program('prospect'), list: list.id });
  await post('/legal_entities', { name: program('firm') });
  const invoice = await post('/invoices', {
    title: program('invoice'),
    contact: client.id,
    note: program('paper'),
  });
  await post('/views', { kind: 'contact', name: program('view').slice(0, 90) });
  await post('/letter-templates', {
    name: program('letter').slice(0, 90),
    subject: program('hello'),
    body: program('dear'),
  });
  const gone = await post('/contacts', { name: program('gone') });
  await ask(boss, 'DELETE', `/contacts/${gone.id}`);
  return { client, deal, invoice, role, pipeline };
}

/** Where all that is shown, and what must stand there to the letter. */
const surfaces = ({ client, deal, invoice, role, pipeline }) => ({
  today: { at: '/dashboard' },
  clients: { at: '/contacts', shows: 'client' },
  'clients found': { at: '/contacts?search=client', shows: 'client' },
  'client filter': { at: `/contacts?filter=${encodeURIComponent('tags is not empty')}` },
  card: { at: `/contacts/${client.id}`, shows: 'comment' },
  changes: { at: `/contacts/${client.id}?tab=history` },
  access: { at: `/contacts/${client.id}?tab=access`, shows: 'person' },
  seen: { at: `/contacts/${client.id}?tab=seen` },
  'new client': {
    at: '/contacts?new=1',
    act: async (page) => {
      await page.getByRole('dialog').getByRole('textbox', { name: /^Name/ }).fill(program('client'));
      await page.waitForTimeout(700); // what may be the same is looked for
    },
  },
  merge: {
    at: `/contacts/${client.id}`,
    act: (page) => page.getByRole('button', { name: 'Merge…' }).first().click(),
    shows: 'twin',
  },
  letter: {
    at: `/contacts/${client.id}`,
    act: (page) => page.getByRole('button', { name: 'Write' }).click(),
  },
  duplicates: { at: '/duplicates/contacts', shows: 'twin' },
  companies: { at: '/companies', shows: 'company' },
  deals: { at: `/deals?view=board&pipeline=${pipeline.id}`, shows: 'deal' },
  'deals as a list': { at: '/deals?view=list', shows: 'deal' },
  deal: { at: `/deals/${deal.id}`, shows: 'stage' },
  tasks: { at: '/tasks', shows: 'task' },
  days: { at: '/days', shows: 'task' },
  journal: { at: '/journal' },
  week: { at: '/journal?view=week' },
  appointments: { at: '/appointments', shows: 'service' },
  booking: {
    at: '/journal',
    act: async (page) => {
      await page.keyboard.press('n');
      const box = page.getByPlaceholder('Name, number, address…');
      await box.waitFor({ timeout: 2000 }).catch(() => {});
      if (await box.isVisible()) await box.fill('client');
      await page.waitForTimeout(600);
    },
  },
  calls: { at: '/calls', shows: 'call' },
  conversations: { at: '/conversations', shows: 'client' },
  messages: { at: '/messages', shows: 'subject' },
  folders: { at: '/folders', shows: 'folder' },
  'prospect lists': { at: '/prospect_lists', shows: 'prospects' },
  prospects: { at: '/prospects', shows: 'prospect' },
  'legal entities': { at: '/legal_entities', shows: 'firm' },
  invoices: { at: '/invoices', shows: 'invoice' },
  invoice: { at: `/invoices/${invoice.id}`, shows: 'invoice' },
  services: { at: '/services', shows: 'service' },
  bin: { at: '/bin?kind=contact', shows: 'gone' },
  search: {
    at: '/contacts',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Search' }).fill('client');
      await page.getByRole('option').first().waitFor();
    },
    shows: 'client',
  },
  export: {
    at: '/contacts',
    act: (page) => page.locator('button:has(.tabler-icon-file-export)').first().click(),
  },
  log: { at: '/security' },
  'sign-ins': { at: '/security/sign-ins' },
  fields: { at: '/settings/fields', shows: 'field' },
  pipelines: { at: '/settings/pipelines' },
  'tags and sources': { at: '/settings/words', shows: 'tag' },
  'offered services': { at: '/settings/services', shows: 'service' },
  hours: { at: '/settings/staff' },
  people: { at: '/settings/people', shows: 'person' },
  roles: { at: '/settings/roles', shows: 'role' },
  role: { at: `/settings/roles/${role.id}` }, // there it stands in a field
  groups: { at: '/settings/groups', shows: 'group' },
  'guard rails': { at: '/settings/guard-rails' },
  keys: { at: '/settings/keys' },
  workspace: { at: '/settings' },
});

// What is drawn by other means on a phone.
const onPhone = [
  'today',
  'clients',
  'card',
  'new client',
  'deals',
  'days',
  'journal',
  'conversations',
  'search',
  'invoice',
];

export async function walkPlanted(tools) {
  const { url, person, browser, look, expect } = tools;
  const boss = await found(tools);
  const planted = await plant(tools, boss);
  const small = await person(browser, { width: 390, height: 844 }, 'dark');
  await small.context().addCookies(await boss.context().cookies());
  for (const page of [boss, small]) {
    const size = page === boss ? 'desk' : 'phone';
    for (const [name, { at, act, shows }] of Object.entries(surfaces(planted))) {
      if (page === small && !onPhone.includes(name)) continue;
      await page.goto(url + at);
      await page.waitForLoadState('networkidle').catch(() => {});
      if (act) await act(page);
      await page.waitForLoadState('networkidle').catch(() => {});
      if (shows && page === boss)
        await page
          .getByText(program(shows))
          .first()
          .waitFor({ state: 'attached', timeout: 8000 })
          .then(
            () => expect(`${name}: what was written stands there to the letter`, true),
            () => expect(`${name}: what was written stands there to the letter (${shows})`, false),
          );
      const met = await page.evaluate(parts);
      expect(
        `${size}, ${name}: nothing that was written runs or becomes part of the page (${met.ran}; ${met.parts})`,
        met.ran === undefined && met.parts.length === 0,
      );
      if (page === boss && ['card', 'deals', 'role'].includes(name)) await look(page, `planted-${name}`);
    }
  }
  const breaches = await boss.evaluate(() => window.breaches);
  expect(`the content policy had nothing to stop (${breaches})`, breaches.length === 0);
}
