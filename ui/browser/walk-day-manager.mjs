// The day of a manager: figures that lead to lists, a view for the group, many
// records given to somebody else and back, two records of one client made one and
// two again, deals that rest too long, and a client handed to a colleague.
import { choose, closeNotes, newcomer, roleLike, wednesday } from './walking.mjs';

const row = (page, name) => page.getByRole('row', { name });

export async function walkManager(tools) {
  const { browser, url, people, person, look, expect, button, hear, signIn, ask } = tools;
  const boss = await person(browser);
  await signIn(boss, url, people.olga);
  // What only the owner sees: an invoice of the owner's own.
  await ask(boss, 'POST', '/invoices', { title: 'Rent of the cellar' });
  for (const [name, phone] of [
    ['Yvonne Hale', '+1 646 555 0195'],
    ['Y. Hale', '+1 646 555 0195'],
    ['Zoe Marsh', '+1 646 555 0196'],
    ['Zora Marsh', '+1 646 555 0197'],
  ])
    await ask(boss, 'POST', '/contacts', { name, tags: ['autumn fair'], phones: [{ number: phone }] });

  // What has rested, in a pipeline of its own.
  const line = await ask(boss, 'POST', '/pipelines', {
    name: 'Refits',
    stages: [
      { name: 'Measured', outcome: 'open' },
      { name: 'Built', outcome: 'won' },
    ],
    stale_days: 30,
  });
  await ask(boss, 'POST', '/deals', {
    title: 'New mirrors',
    pipeline: line.id,
    stage: line.stages[0].id,
  });

  // As the ready role has it: no client is deleted by her, and she merges all the same.
  const role = await roleLike(tools, boss, 'manager', 'Branch manager', (draft) => draft);
  const { page: mona, id: monaId } = await newcomer(tools, boss, {
    name: 'Mona Vale',
    email: 'mona@example.com',
    role,
  });
  const heard = hear(mona);
  const north = (await ask(boss, 'GET', '/groups')).items.find((each) => each.name === 'North');
  const { items: members } = await ask(boss, 'GET', `/groups/${north.id}/members`);
  await ask(boss, 'PUT', `/groups/${north.id}/members`, {
    items: [
      ...members.map((each) => ({ person: each.person.id, ...(each.role ? { role: each.role.id } : {}) })),
      { person: monaId },
    ],
  });

  // Morning: numbers first, and each of them leads to what it counts.
  await mona.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Today' }).click();
  const tile = mona.getByRole('link', { name: /^Visits today/ });
  await tile.waitFor();
  const counted = Number((await tile.innerText()).match(/\d+/)[0]);
  await look(mona, 'manager-today');
  await tile.click();
  await mona.waitForURL(/appointments/);
  if (counted) await row(mona, /./).nth(1).waitFor();
  await mona.waitForLoadState('networkidle');
  const listed = counted === 0 ? 0 : (await row(mona, /./).count()) - 1;
  expect(`the figure is what the list holds (${counted}, ${listed})`, counted === listed);
  await look(mona, 'manager-visits');

  // A filter clicked together, kept for the region.
  await mona.goto(`${url}/contacts`);
  await row(mona, /Yvonne Hale/).waitFor();
  await button(mona, 'Filter').click();
  await mona.getByRole('combobox', { name: 'By which field?' }).fill('Tags');
  await mona.getByRole('option', { name: 'Tags' }).click();
  await mona.getByRole('combobox', { name: 'Value' }).fill('autumn fair');
  await mona.keyboard.press('Enter');
  await button(mona, 'Apply').click();
  await row(mona, /Zora Marsh/).waitFor();
  await button(mona, 'Save as a view').click();
  const view = mona.getByRole('dialog', { name: 'Save as a view' });
  await view.getByLabel('Name').fill('Met at the fair');
  await view.getByRole('radio', { name: 'A group' }).check();
  await choose(view, 'Group', 'North');
  await look(mona, 'manager-view');
  await button(view, 'Save').click();
  await mona
    .getByRole('navigation', { name: 'Saved views' })
    .getByRole('button', { name: /Met at the fair/ })
    .first()
    .waitFor();

  // All of them are given to Ben, and taken back.
  await mona.getByRole('checkbox', { name: /^Tick all/ }).check();
  await button(mona, 'Assign').click();
  await mona.getByRole('combobox', { name: 'Who is responsible' }).click();
  await mona.getByRole('option', { name: 'Ben Carter' }).click();
  await mona.getByText('4 changed.').waitFor();
  await row(mona, /Zora Marsh.*Ben Carter/).waitFor();
  await button(mona, 'Undo').last().click();
  await row(mona, /Zora Marsh.*Ben Carter/).waitFor({ state: 'detached' });
  await closeNotes(mona);

  // One of them is handed over for good, on her card.
  await row(mona, /Zoe Marsh/)
    .getByRole('link', { name: 'Zoe Marsh' })
    .click();
  const card = mona.getByRole('article');
  await card.getByRole('button', { name: 'Change: Responsible' }).click();
  await card.getByRole('combobox', { name: 'Responsible' }).fill('Ana');
  await mona.getByRole('option', { name: 'Ana Bianchi' }).click();
  await card.getByTitle('Responsible').getByText('Ana Bianchi').waitFor();
  await look(mona, 'manager-reassigned');

  // Ben finds the view of his region, with what he may see in it and no more.
  const ben = await person(browser);
  await signIn(ben, url, people.ben);
  const his = hear(ben);
  await ben.goto(`${url}/contacts`);
  const shared = ben
    .getByRole('navigation', { name: 'Saved views' })
    .getByRole('button', { name: /Met at the fair/ });
  await shared.first().click();
  await ben.getByText('Nothing fits').waitFor();
  await look(ben, 'manager-view-of-ben');
  const seen = await his.where('Marsh', '6465550195', '6465550196', '6465550197');
  expect(`a shared view gives nobody a right (${seen})`, seen.length === 0);

  // Two records of one client: made one, and two again.
  await mona.goto(`${url}/duplicates/contacts`);
  const pair = mona.getByRole('link', { name: 'Y. Hale' }).first();
  await pair.waitFor();
  await look(mona, 'manager-duplicates');
  await pair.click();
  const record = mona.getByRole('article');
  await record.getByText('Probably the same').waitFor();
  await button(record, 'Merge…').first().click();
  const merge = mona.getByRole('dialog');
  // By hand, field by field: the shorter name, whichever of the two goes.
  const stays = (await merge.getByText('Stays', { exact: true }).locator('xpath=..').innerText()).includes(
    'Y. Hale',
  );
  await merge
    .getByRole('radio', { name: stays ? 'Name: of the one that stays' : 'Name: of the one that goes' })
    .click();
  expect(
    'every field has its choice',
    await merge
      .getByRole('radiogroup')
      .evaluateAll((all) => all.length > 1 && all.every((each) => each.querySelector('[aria-checked=true]'))),
  );
  await look(mona, 'manager-merging');
  await button(merge, 'Merge').click();
  await mona.getByText('Merged.').waitFor();
  await record.getByText('Y. Hale').first().waitFor();
  await record.getByRole('tab', { name: 'Changes' }).click();
  await record.getByRole('tabpanel').getByText('Mona Vale').first().waitFor();
  await look(mona, 'manager-merged');
  const { items: left } = await ask(mona, 'GET', '/contacts?search=hale');
  expect(
    `one of the two is there, by the name that was chosen (${left.map((each) => each.name)})`,
    left.length === 1 && left[0].name === 'Y. Hale',
  );
  await button(mona, 'Undo').last().click();
  await mona.getByText('Taken back.').waitFor();
  await mona.goto(`${url}/contacts?search=hale`);
  await row(mona, /Y\. Hale/).waitFor();
  await row(mona, /Yvonne Hale/).waitFor();

  // What has rested too long: the board says so, and it is moved on.
  await mona.clock.install({ time: Date.now() + 45 * 86_400_000 });
  await mona.goto(`${url}/deals?view=board&pipeline=${line.id}`);
  await mona.getByText('45 days').waitFor();
  await look(mona, 'manager-stale');
  await mona.getByRole('button', { name: 'Move to…' }).click();
  await mona.getByRole('menuitem', { name: 'Built' }).click();
  await mona.getByText('Moved to Built.').waitFor();
  await mona.getByText('45 days').waitFor({ state: 'detached' });

  // The week of the house at a glance.
  await mona.goto(`${url}/journal?view=week&day=${wednesday(1)}`);
  await mona.locator('[data-visit]').first().waitFor();
  await look(mona, 'manager-week');
  const secret = await heard.where('Rent of the cellar');
  expect(`the owner's own invoice has not come (${secret})`, secret.length === 0 && heard.count > 20);
}
