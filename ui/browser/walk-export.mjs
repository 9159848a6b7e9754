// The part of the walk that is about files that leave: the owner takes a filtered
// list out, after proving once more that it is her; the archive shows it; a
// specialist finds no way to.
import { readFileSync } from 'node:fs';

export async function walkExports({
  browser,
  url,
  people,
  person,
  look,
  expect,
  button,
  signIn,
  ask,
  forgive,
}) {
  const owner = await person(browser);
  await signIn(owner, url, people.olga);
  const specialist = await person(browser);
  await signIn(specialist, url, people.ana);
  // A proof counts for a minute here, so that the one of signing in grows old.
  const { proof_minutes } = await ask(owner, 'GET', '/settings');
  await ask(owner, 'PATCH', '/settings', { proof_minutes: 1 });
  const waited = owner.waitForTimeout(61_000);
  await owner.goto(`${url}/contacts?filter=${encodeURIComponent('tags has "vip"')}`);
  await owner.locator('[role=grid] [role=row]').nth(1).waitFor();
  const listed = await owner.evaluate(async () => {
    const answer = await fetch(`/api/v1/contacts?limit=200&filter=${encodeURIComponent('tags has "vip"')}`, {
      headers: { Accept: 'application/json' },
    });
    return (await answer.json()).items.map((each) => ({ name: each.name, phone: each.phones[0]?.number }));
  });
  await button(owner, 'Export…').click();
  const dialog = owner.getByRole('dialog', { name: /^Export/ });
  await dialog.getByTestId('export-count').waitFor();
  const counted = await dialog.getByTestId('export-count').textContent();
  expect(
    `what will be in the file is counted (${counted}, listed ${listed.length})`,
    counted?.startsWith(`${listed.length} record`),
  );
  await dialog.getByText('Nothing in the file is masked.').waitFor();
  expect(
    'without a reason there is no file',
    await dialog.getByRole('button', { name: 'Make the file' }).isDisabled(),
  );
  await dialog.getByLabel('CSV').check();
  await dialog.getByLabel('What is the file for?').fill('Invitations to the spring evening');
  await look(owner, 'export');
  await waited;
  const stepUp = forgive(owner, 403, '/api/v1/exports');
  await dialog.getByRole('button', { name: 'Make the file' }).click();
  const proof = owner.getByRole('dialog', { name: 'Is it you?' });
  await proof.locator('input[type=password]').fill(people.olga.password);
  await proof.getByRole('button', { name: 'Go on' }).click();
  const save = dialog.getByRole('button', { name: 'Save the file' });
  await save.waitFor();
  stepUp.end();
  await ask(owner, 'PATCH', '/settings', { proof_minutes });
  await look(owner, 'export-ready');
  const [download] = await Promise.all([owner.waitForEvent('download'), save.click()]);
  const text = readFileSync(await download.path(), 'utf8');
  const lines = text.trimEnd().split('\r\n');
  expect(
    `the file holds the rows of the list (${lines.length - 1})`,
    text.startsWith('\ufeff') &&
      lines.length === listed.length + 1 &&
      listed.every((each) => text.includes(each.name) && (!each.phone || text.includes(each.phone))),
  );
  await dialog.getByText('The file is saved.').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await owner.goto(`${url}/security/exports`);
  const row = owner.getByRole('listitem').filter({ hasText: 'Invitations to the spring evening' });
  await row.getByText('left the house').waitFor();
  await row.getByText('What was asked for').click();
  await look(owner, 'exports');
  const [again] = await Promise.all([
    owner.waitForEvent('download'),
    row.getByRole('button', { name: /^Fetch: / }).click(),
  ]);
  expect('the archive gives the same file', readFileSync(await again.path(), 'utf8') === text);

  // On the card of everybody who is in it stands that they left, in which file and with whom.
  const { items: vips } = await ask(
    owner,
    'GET',
    `/contacts?limit=1&filter=${encodeURIComponent('tags has "vip"')}`,
  );
  await owner.goto(`${url}/contacts/${vips[0].id}?tab=seen`);
  const seen = owner.getByRole('region', { name: 'Who has seen it' });
  await seen.getByText('It has left in files').waitFor();
  await seen.getByRole('listitem').filter({ hasText: 'Olga Orlova took it out' }).waitFor();
  await look(owner, 'export-seen');
  await seen.getByRole('link', { name: /^contact .*\.csv$/ }).click();
  await row.waitFor();

  await specialist.goto(`${url}/contacts`);
  await specialist.locator('[role=grid] [role=row]').nth(1).waitFor();
  expect('a specialist sees no Export', (await button(specialist, 'Export…').count()) === 0);
  const refused = forgive(specialist, 403, '/api/v1/exports');
  const statuses = await specialist.evaluate(async () => {
    const ask = { kind: 'contact', all: true, format: 'csv', reason: 'x' };
    const sent = await fetch('/api/v1/exports', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(ask),
    });
    const list = await fetch('/api/v1/exports');
    return [sent.status, list.status];
  });
  expect(
    `and gets nothing from the routes (${statuses})`,
    statuses.every((status) => status === 403),
  );
  refused.end();
}
