// Files on a card and invoices: brought by choosing and by dropping, fetched back
// byte for byte, refused in plain words, deleted and taken out of the bin; an
// invoice from its first line to its paper and its end; a process that a won deal
// starts. And somebody who may see none of it.
import { readFileSync } from 'node:fs';
import { closeNotes, found, newcomer } from './walking.mjs';

const pdf = Buffer.concat([
  Buffer.from('%PDF-1.7\n1 0 obj\n<< /Made (for the walk) >>\nendobj\n'),
  Buffer.alloc(700_000, 0x37),
  Buffer.from('\n%%EOF\n'),
]);
const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"><script>window.pwned=1</script></svg>',
);
const html = Buffer.from('<!DOCTYPE html><html><script>window.pwned=1</script></html>');

const files = (page) => page.getByRole('article').getByRole('region', { name: 'Files' });
const row = (page, name) => files(page).getByRole('listitem').filter({ hasText: name });

const bring = (page, name, buffer, mimeType = 'application/octet-stream') =>
  files(page).locator('input[type=file]').setInputFiles({ name, mimeType, buffer });

/** Lets go of a file over the card, as a hand does. */
async function dropOn(page, name, text) {
  const held = await page.evaluateHandle(
    ([called, inside]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([inside], called));
      return transfer;
    },
    [name, text],
  );
  for (const type of ['dragover', 'drop']) await files(page).dispatchEvent(type, { dataTransfer: held });
}

/** A picture as a browser draws it. */
const picture = (page) =>
  page.evaluate(async () => {
    const canvas = new OffscreenCanvas(640, 400);
    const pen = canvas.getContext('2d');
    pen.fillStyle = '#24324e';
    pen.fillRect(0, 0, 640, 400);
    pen.fillStyle = '#e2b04a';
    pen.fillRect(160, 90, 320, 220);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });

/** What the browser keeps when something is clicked. */
async function kept(page, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

const status = (page, path) => page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).status, path);

export async function walkPapers(tools) {
  const { ask, url } = tools;
  const owner = await found(tools);
  const post = (path, body) => ask(owner, 'POST', path, body);
  const client = await post('/contacts', { name: 'Cecilia Quartz' });
  const deal = await post('/deals', { title: 'Quartz garden', contact: client.id });
  const task = await post('/tasks', { title: 'Quartz reminder', contact: client.id });
  const firm = await post('/legal_entities', {
    name: 'Studio Aurora Ltd',
    tax_id: 'GB 000 0000 00',
    address: '1 Example Street, London',
    bank_account: 'GB33 BUKB 2020 1555 5555 55',
    ours: true,
  });
  const file = await walkFiles({ ...tools, owner }, { client, deal, task });
  const invoice = await walkInvoice({ ...tools, owner }, { client, firm });
  await walkProcess({ ...tools, owner }, { client });
  const outsider = await newcomer(tools, owner, {
    name: 'Otto Ostrom',
    email: 'otto@example.com',
    role: 'specialist',
  });
  await walkOutside({ ...tools, page: outsider.page }, { client, deal, file, invoice });
  await lookAgain({ ...tools, owner, url }, { client, invoice });
}

/** Files on a client, a deal and a task. */
async function walkFiles({ owner, url, look, expect, button, forgive, ask }, { client, deal, task }) {
  for (const at of [`/deals/${deal.id}`, `/tasks/${task.id}`, `/contacts/${client.id}`]) {
    await owner.goto(url + at);
    await files(owner).getByText('Contracts, photos, scans').waitFor();
    await bring(owner, 'contract.pdf', pdf);
    await row(owner, 'contract.pdf').waitFor();
    await dropOn(owner, 'dropped.txt', 'let go of over the card');
    await row(owner, 'dropped.txt').waitFor();
    await files(owner).getByRole('progressbar').first().waitFor({ state: 'detached' });
    const held = await files(owner).getByRole('listitem').count();
    expect(`${at.split('/')[1]}: both files lie there (${held})`, held === 2);
  }
  await look(owner, 'files-on-a-card');

  // Fetched back, byte for byte, and handed out to be kept.
  const [answer, back] = await Promise.all([
    owner.waitForResponse((each) => each.url().endsWith('/content')),
    kept(owner, () =>
      row(owner, 'contract.pdf').getByRole('button', { name: 'contract.pdf', exact: true }).click(),
    ),
  ]);
  expect('the bytes come back as they were', back.name === 'contract.pdf' && back.bytes.equals(pdf));
  const heads = await answer.allHeaders();
  expect(
    `it is handed out to be kept: ${heads['content-disposition']}`,
    heads['content-disposition'].startsWith('attachment') &&
      heads['content-type'] === 'application/octet-stream' &&
      heads['x-content-type-options'] === 'nosniff',
  );
  // Somebody who opens its address gets a file, and no page of ours.
  const tab = await owner.context().newPage();
  const direct = tab.waitForEvent('download');
  await tab.goto(answer.url()).catch(() => {});
  await direct;
  expect('the address of a file opens nothing', tab.url() === 'about:blank');
  await tab.close();

  // How much of a large one has gone, and a way to stop.
  const wire = await owner.context().newCDPSession(owner);
  await wire.send('Network.enable');
  const speed = (upload) =>
    wire.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: upload,
    });
  await speed(150_000); // half a minute, which is longer than it takes to look at it
  const large = Buffer.concat([pdf, Buffer.alloc(5_000_000, 1)]);
  await bring(owner, 'film.pdf', large);
  const bar = files(owner).getByRole('progressbar', { name: 'How much of film.pdf has gone' });
  await bar.waitFor();
  await owner.waitForFunction(() => {
    const now = Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow'));
    return now > 5 && now < 100;
  });
  await look(owner, 'files-on-the-way');
  await button(files(owner), 'Stop').click();
  await bar.waitFor({ state: 'detached' });
  await speed(-1);
  await owner.waitForTimeout(500);
  expect('what was stopped lies nowhere', (await row(owner, 'film.pdf').count()) === 0);

  // Refused in plain words.
  await bring(owner, 'huge.pdf', Buffer.concat([pdf, Buffer.alloc(26 << 20)]));
  await owner.getByText('A file has at most 25 megabytes').waitFor();
  await look(owner, 'files-too-large');
  expect('what is too large lies nowhere', (await row(owner, 'huge.pdf').count()) === 0);
  await closeNotes(owner);
  const refused = forgive(owner, 422, '/api/v1/files/upload');
  for (const [name, content] of [
    ['picture.png', svg],
    ['letter.pdf', html],
  ]) {
    await bring(owner, name, content, 'image/png');
    await owner.getByText('Files of this kind are not taken').first().waitFor();
    expect(`${name} lies nowhere`, (await row(owner, name).count()) === 0);
    await closeNotes(owner);
  }
  refused.end();

  // A name is words, whatever it says; a picture is drawn anew and shown.
  await bring(owner, '<img src=x onerror="window.pwned=1">.pdf', pdf);
  await row(owner, 'onerror').waitFor();
  await bring(owner, 'garden.png', Buffer.from(await picture(owner)), 'image/png');
  await row(owner, 'garden.png').locator('img').waitFor();
  expect(
    'the small picture is a picture',
    await row(owner, 'garden.png')
      .locator('img')
      .evaluate((image) => image.decode().then(() => image.naturalWidth === 320)),
  );
  expect('no name has run', (await owner.evaluate(() => window.pwned)) === undefined);
  await look(owner, 'files-with-a-picture');

  // Deleted, taken back; deleted, and brought back from the bin.
  await button(owner, 'Delete garden.png').click();
  await row(owner, 'garden.png').waitFor({ state: 'detached' });
  await button(owner, 'Undo').click();
  await row(owner, 'garden.png').waitFor();
  await closeNotes(owner);
  await button(owner, 'Delete dropped.txt').click();
  await row(owner, 'dropped.txt').waitFor({ state: 'detached' });
  await closeNotes(owner);
  await button(files(owner), 'Deleted files').click();
  await row(owner, 'dropped.txt').waitFor();
  await look(owner, 'files-in-the-bin');
  await row(owner, 'dropped.txt').getByRole('button', { name: 'Take out' }).click();
  await button(owner, 'Delete dropped.txt').waitFor();
  const held = await ask(owner, 'GET', `/files?filter=${encodeURIComponent(`about = "${client.id}"`)}`);
  return held.items.find((each) => each.name === 'garden.png');
}

/** From its first line to its end. */
async function walkInvoice({ owner, url, look, expect, button, ask }, { client, firm }) {
  await owner.goto(`${url}/invoices`);
  await owner.getByRole('heading', { name: 'Invoices' }).first().waitFor();
  await owner.keyboard.press('n');
  const drawer = owner.getByRole('dialog');
  await drawer.waitFor();
  await owner.keyboard.type('Quartz advice');
  await drawer.getByRole('combobox', { name: 'From' }).fill('Aurora');
  await owner.getByRole('option', { name: 'Studio Aurora Ltd' }).click();
  await drawer.getByRole('combobox', { name: 'Client' }).fill('Cecilia');
  await owner.getByRole('option', { name: 'Cecilia Quartz' }).click();
  await look(owner, 'invoice-new');
  await button(drawer, 'Save').click();
  await drawer.waitFor({ state: 'detached' });
  const card = owner.getByRole('article');
  const lines = card.getByRole('region', { name: 'Lines' });
  await lines.getByRole('textbox', { name: 'Description' }).first().focus();
  // By keys alone: a line, Tab from field to field, Enter for the next one.
  await owner.keyboard.type('Advice');
  for (const typed of ['1.5', '1033.33', '23']) {
    await owner.keyboard.press('Tab');
    await owner.keyboard.press('Control+a');
    await owner.keyboard.type(typed);
  }
  await owner.keyboard.press('Enter');
  await owner.keyboard.type('Travel');
  await owner.keyboard.press('Tab');
  await owner.keyboard.press('Tab');
  await owner.keyboard.type('241');
  await lines.getByText('2,202.93').waitFor();
  const sums = await lines.locator('dd').allInnerTexts();
  expect(`sums have their cents: ${sums}`, sums.length === 3 && sums.every((sum) => /\.\d\d$/.test(sum)));
  await look(owner, 'invoice-draft');
  await button(lines, 'Issue').click();
  const { id } = (await ask(owner, 'GET', '/invoices')).items[0];
  await button(lines, 'PDF').waitFor();
  const issued = await ask(owner, 'GET', `/invoices/${id}`);
  const year = new Date().getUTCFullYear();
  expect(
    `it has its number: ${issued.number}`,
    issued.number === `1/${year}` && issued.seller.id === firm.id && issued.contact.id === client.id,
  );
  await look(owner, 'invoice-issued');
  const paper = await kept(owner, () => button(lines, 'PDF').click());
  expect(
    `the paper is one: ${paper.name}`,
    paper.name === `1-${year}.pdf` && paper.bytes.subarray(0, 5).toString() === '%PDF-',
  );

  await button(lines, 'Void').click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByText('This cannot be undone').waitFor();
  expect('without a reason nothing is void', await button(dialog, 'Make void').isDisabled());
  await owner.keyboard.type('Issued to the wrong client');
  await look(owner, 'invoice-void');
  await owner.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await button(lines, 'Void').waitFor({ state: 'detached' });
  const now = await ask(owner, 'GET', `/invoices/${id}`);
  expect(
    'it is void, and why is kept',
    now.status === 'void' && now.void_reason === 'Issued to the wrong client' && now.number === issued.number,
  );
  return now;
}

/** What a won deal starts, set up by clicking. */
async function walkProcess({ owner, url, look, expect, button, ask }, { client }) {
  await owner.goto(`${url}/settings/pipelines`);
  await button(owner, 'New pipeline').click();
  await owner.getByText('Post-sale processes', { exact: true }).last().click();
  await owner.getByLabel('Pipeline', { exact: true }).last().fill('Aftercare');
  await button(owner, 'Task').last().click();
  await owner.keyboard.type('Call and ask how it went');
  await owner.getByLabel('Days after the start of task 1').last().fill('14');
  await owner.getByRole('combobox', { name: 'Starts by itself when a deal is won in' }).last().click();
  await owner.getByRole('option', { name: 'Sales' }).last().click();
  await owner.keyboard.press('Escape');
  await look(owner, 'process-set-up');
  await button(owner, 'Save').last().click();
  await owner.getByText('It acts with the rights of Ana Lopez').waitFor();
  const all = (await ask(owner, 'GET', '/pipelines')).items;
  const sales = all.find((each) => each.kind === 'deal');
  const won = sales.stages.find((each) => each.outcome === 'won');
  const { id } = await ask(owner, 'POST', '/deals', { title: 'Won garden', contact: client.id });
  await ask(owner, 'PATCH', `/deals/${id}`, { stage: won.id });
  let made = [];
  for (let tries = 0; tries < 100 && made.length === 0; tries++) {
    await owner.waitForTimeout(100);
    made = (await ask(owner, 'GET', '/processes')).items;
  }
  expect('the won deal has started its process', made.length === 1 && made[0].title === 'Aftercare');
  const tasks = (await ask(owner, 'GET', '/tasks')).items.filter((each) => each.process?.id === made[0]?.id);
  expect('with its task', tasks.length === 1 && tasks[0].title === 'Call and ask how it went');
  await owner.goto(`${url}/deals/${id}`);
  const start = owner.getByRole('article').getByRole('form', { name: 'Post-sale process' });
  await start.waitFor();
  await look(owner, 'process-by-hand');
  await start.getByRole('button').click();
  await owner.waitForURL(/\/processes\//);
  await owner
    .getByText('Call and ask how it went')
    .first()
    .waitFor()
    .catch(() => {});
  await look(owner, 'process-card');
}

/** Somebody who may see none of it: no page, no row, no number, no picture. */
async function walkOutside({ page, url, look, expect, forgive, hear }, { client, deal, file, invoice }) {
  const heard = hear(page);
  const words = ['Quartz', 'garden.png', 'contract.pdf', invoice.number, '2,202.93', '2202.93', 'Aurora Ltd'];
  const missing = [
    forgive(page, 404, '/api/v1/contacts'),
    forgive(page, 404, '/api/v1/deals'),
    forgive(page, 404, '/api/v1/invoices'),
    forgive(page, 404, '/api/v1/files'),
  ];
  for (const at of [`/contacts/${client.id}`, `/deals/${deal.id}`, `/invoices/${invoice.id}`]) {
    await page.goto(url + at);
    await page.waitForLoadState('networkidle').catch(() => {});
  }
  await look(page, 'outside-no-page');
  for (const path of [
    `/contacts/${client.id}`,
    `/deals/${deal.id}`,
    `/invoices/${invoice.id}`,
    `/files/${file.id}`,
    `/files/${file.id}/content`,
    `/files/${file.id}/picture`,
  ])
    expect(`${path} is not there`, (await status(page, path)) === 404);
  for (const each of missing) each.end();
  const closed = forgive(page, 403, '/api/v1/invoices');
  expect('no paper', [403, 404].includes(await status(page, `/invoices/${invoice.id}/pdf`)));
  closed.end();
  for (const at of ['/dashboard', '/deals', '/days', '/contacts', '/files']) {
    await page.goto(url + at);
    await page.waitForLoadState('networkidle').catch(() => {});
    const shown = await page.evaluate(() => document.documentElement.outerHTML);
    expect(`${at}: nothing on the screen`, !words.some((word) => shown.includes(word)));
  }
  await look(page, 'outside-lists');
  const came = await heard.where(...words);
  expect(`nothing has come over the wire (${came})`, came.length === 0);
}

/** The same pages on a phone, in the dark, in Russian. */
async function lookAgain({ owner, url, person, browser, look, ask }, { client, invoice }) {
  const me = (await ask(owner, 'GET', '/session')).person.id;
  await ask(owner, 'PATCH', `/people/${me}`, { language: 'ru' });
  const phone = await person(browser, { width: 390, height: 844 }, 'dark', { hasTouch: true });
  await phone.context().addCookies(await owner.context().cookies());
  for (const [name, at] of [
    ['phone-files', `/contacts/${client.id}`],
    ['phone-invoice', `/invoices/${invoice.id}`],
    ['phone-process', '/settings/pipelines'],
  ]) {
    await phone.goto(url + at);
    await phone.waitForLoadState('networkidle').catch(() => {});
    if (name === 'phone-files') await phone.getByText('garden.png').first().scrollIntoViewIfNeeded();
    await look(phone, name);
  }
  await phone.context().close();
}
