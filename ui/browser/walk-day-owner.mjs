// The day of an owner: everything that a firm sets is set by clicking, and each
// setting is seen at work at once; then who has seen whom, and the pages of
// security.
import { choose, closeNotes } from './walking.mjs';

export async function walkOwner(tools) {
  const { forgive, browser, url, people, person, look, expect, button, signIn, ask } = tools;
  const olga = await person(browser);
  await signIn(olga, url, people.olga);

  // A field of one's own, on the card at once.
  await olga.goto(`${url}/settings/fields`);
  await olga.getByLabel('Name', { exact: true }).fill('Hair type');
  await choose(olga, 'Holds', 'one of several');
  const options = olga.getByRole('combobox', { name: 'Options' });
  for (const word of ['Fine', 'Thick']) {
    await options.fill(word);
    await olga.keyboard.press('Enter');
  }
  await look(olga, 'owner-field');
  await button(olga, 'Add').click();
  await olga.getByRole('row', { name: /Hair type yours/ }).waitFor();
  await olga.getByRole('button', { name: 'Change: Hair type' }).click();
  const field = olga.getByRole('dialog', { name: 'Change: Hair type' });
  await field.getByLabel('Options 2').fill('Thick and wild');
  await button(field, 'Add').click();
  await field.getByLabel('Options 3').fill('Curly');
  await look(olga, 'owner-field-changed');
  await button(field, 'Save').click();
  await field.waitFor({ state: 'detached' });
  const client = await ask(olga, 'POST', '/contacts', {
    name: 'Abel North',
    phones: [{ number: '+1 646 555 0194' }],
  });
  await olga.goto(`${url}/contacts/${client.id}`);
  const card = olga.getByRole('article');
  await card.getByRole('button', { name: /empty fields?$/ }).click();
  await card.getByRole('button', { name: 'Add: Hair type' }).click();
  await card.getByRole('combobox', { name: 'Hair type' }).click();
  await olga.getByRole('option', { name: 'Thick and wild' }).click();
  await card.getByRole('region', { name: 'Fields' }).getByText('Thick and wild').waitFor();
  await look(olga, 'owner-field-filled');

  // A pipeline with stages, what a stage asks for, reasons for loss, what is stale.
  await olga.goto(`${url}/settings/pipelines`);
  await button(olga, 'New pipeline').click();
  await olga.getByLabel('Pipeline', { exact: true }).last().fill('Weddings');
  await button(olga, 'Stage').last().click();
  await olga.getByLabel('Stage 4').last().fill('Trial');
  await olga.getByRole('button', { name: 'Move up' }).nth(-1).click();
  await olga.getByRole('button', { name: 'Move up' }).nth(-2).click();
  const trial = olga.getByRole('combobox', { name: 'What the stage Trial asks for' });
  await trial.click();
  await olga.getByRole('option', { name: 'Expected to close' }).click();
  await olga.keyboard.press('Escape');
  await olga.getByLabel('Rests too long after').last().fill('21');
  await olga.getByRole('combobox', { name: 'Reasons for loss' }).last().fill('Another house');
  await olga.keyboard.press('Enter');
  await look(olga, 'owner-pipeline');
  await button(olga, 'Save').click();
  await olga.getByRole('button', { name: 'New pipeline' }).waitFor();
  const made = (await ask(olga, 'GET', '/pipelines')).items.find((each) => each.name === 'Weddings');
  expect(
    `the pipeline is as it was clicked (${made?.stages.map((each) => each.name)})`,
    made?.stages.map((each) => each.name).join() === 'New request,Trial,Won,Lost' &&
      made.stages[1].requires.join() === 'expected_close' &&
      made.stale_days === 21 &&
      made.reasons.join() === 'Another house',
  );

  // A pipeline goes once nothing stands in it; until then it is said why not.
  const ring = await ask(olga, 'POST', '/deals', { title: 'A ring', pipeline: made.id });
  await button(olga, 'Delete the pipeline Weddings').click();
  const leaving = olga.getByRole('dialog', { name: 'Delete the pipeline Weddings' });
  await look(olga, 'owner-pipeline-delete');
  const held = forgive(olga, 409, '/api/v1/pipelines/');
  await button(leaving, 'Delete').click();
  await leaving.getByRole('alert').getByText('Move it to another pipeline first').waitFor();
  held.end();
  const others = (await ask(olga, 'GET', '/pipelines')).items.filter((each) => each.id !== made.id);
  await ask(olga, 'PATCH', `/deals/${ring.id}`, { pipeline: others.find((each) => each.kind === 'deal').id });
  await button(leaving, 'Delete').click();
  await leaving.waitFor({ state: 'detached' });
  await button(olga, 'Delete the pipeline Weddings').waitFor({ state: 'detached' });
  expect(
    'a pipeline is gone that was deleted by clicking',
    (await ask(olga, 'GET', '/pipelines')).items.every((each) => each.id !== made.id),
  );
  await ask(olga, 'DELETE', `/deals/${ring.id}`);

  // Tags and sources: offered where they are written, renamed everywhere at once.
  await ask(olga, 'PATCH', `/contacts/${client.id}`, { tags: ['brides'], source: 'Leaflet' });
  await olga.goto(`${url}/settings/words`);
  const tags = olga.getByRole('region', { name: 'Tags' });
  await tags.getByLabel('A new tag').fill('Groom');
  await button(tags, 'Add').click();
  await tags.getByText('Groom', { exact: true }).waitFor();
  const sources = olga.getByRole('region', { name: 'Sources' });
  await sources.getByLabel('A new source').fill('Wedding fair');
  await button(sources, 'Add').click();
  await sources.getByText('Wedding fair', { exact: true }).waitFor();
  await look(olga, 'owner-words');
  await olga.goto(`${url}/contacts/${client.id}`);
  await card.getByRole('button', { name: 'Change: Source' }).click();
  await card
    .getByRole('textbox', { name: 'Source' })
    .or(card.getByRole('combobox', { name: 'Source' }))
    .first()
    .fill('wed');
  await olga.getByRole('option', { name: 'Wedding fair' }).click();
  await card.getByRole('button', { name: 'Save', exact: true }).click();
  await card.getByRole('region', { name: 'Fields' }).getByText('Wedding fair').waitFor();

  // Another name for a tag: where it is offered, and on every record that has it.
  const tagsOf = async () => (await ask(olga, 'GET', `/contacts/${client.id}`)).tags.join();
  await ask(olga, 'PATCH', `/contacts/${client.id}`, { tags: ['Groom'] });
  await olga.goto(`${url}/settings/words`);
  await tags.getByRole('button', { name: 'Rename: Groom' }).click();
  const rename = olga.getByRole('dialog', { name: 'Rename: Groom' });
  await rename.getByLabel('Name').fill('Bridegroom');
  await look(olga, 'owner-rename');
  await button(rename, 'Also on all records').click();
  await olga.getByText('1 record says it anew.').waitFor();
  expect('a tag has its new name on the record', (await tagsOf()) === 'Bridegroom');
  await button(olga, 'Undo').last().click();
  await olga.getByText('Taken back.').waitFor();
  expect('and its old one again', (await tagsOf()) === 'Groom');
  await tags.getByText('Groom', { exact: true }).waitFor();
  await closeNotes(olga);

  // A service, and who takes appointments in which hours.
  await olga.goto(`${url}/settings/services`);
  await button(olga, 'New service').click();
  const service = olga.getByRole('dialog', { name: 'New service' });
  await service.getByLabel('Name').fill('Wedding hair');
  await service.getByLabel('Minutes').fill('90');
  await service.getByLabel('Price').fill('180');
  await service.getByRole('checkbox', { name: 'Ben Carter' }).uncheck();
  await look(olga, 'owner-service');
  await button(service, 'Save').click();
  await olga.getByText('Wedding hair', { exact: true }).waitFor();
  await olga.goto(`${url}/settings/staff`);
  await choose(olga, 'Let somebody take appointments', 'Piotr Lis');
  const hours = olga.getByRole('group', { name: 'Hours of the week: Piotr Lis' });
  await hours.waitFor();
  await hours.getByLabel('Monday: until').fill('15:30');
  await hours.getByLabel('Monday: until').blur();
  await hours.getByRole('button', { name: 'The same until Friday' }).click();
  await look(olga, 'owner-hours');
  await button(olga, 'Save').click();
  await olga.getByText('The hours are saved.').waitFor();
  expect(
    'the hours are as they were clicked',
    (await hours.getByLabel('Friday: until').inputValue()) === '15:30',
  );
  await button(olga, 'Undo').last().click();
  await olga.getByText('Taken back.').waitFor();
  await olga.getByRole('button', { name: 'Piotr Lis takes no more appointments' }).click();
  await hours.waitFor({ state: 'detached' });
  await closeNotes(olga);

  // A role from another one, in sentences; a group; one person in both.
  await olga.goto(`${url}/settings/roles`);
  await button(olga, 'New role').click();
  const role = olga.getByRole('dialog', { name: 'New role' });
  await role.getByLabel('Name').fill('Trainee');
  await button(role, 'Make').click();
  await olga.getByLabel('Name of the role').waitFor();
  await olga.getByRole('button', { name: /^Deals, see:/ }).click();
  await olga.getByRole('menuitem', { name: 'none', exact: true }).click();
  await olga.getByText('Not saved yet.').waitFor();
  await olga.getByLabel('See when else colleagues are busy').check();
  await look(olga, 'owner-role');
  await button(olga, 'Save').click();
  await olga.getByText('Not saved yet.').waitFor({ state: 'detached' });
  const trainee = (await ask(olga, 'GET', '/roles')).items.find((each) => each.name === 'Trainee');
  expect(
    'the role is as it was clicked',
    trainee?.grades.deal?.view === undefined || trainee.grades.deal.view === 'denied',
  );
  expect('an ability is given by a click', trainee?.abilities.includes('journal.busy'));
  await olga.goto(`${url}/settings/groups`);
  await olga.getByLabel('Name of a new group').fill('East');
  await button(olga, 'Add').click();
  await olga.getByRole('button', { name: /^East/ }).click();
  await choose(olga, 'Add a person to the group', 'Dario Conti');
  await choose(olga, 'Role of Dario Conti in the group', 'Trainee');
  await olga.getByRole('button', { name: /^East 1 member/ }).waitFor();
  await look(olga, 'owner-group');

  // Eight promises over all roles, each a switch.
  await olga.goto(`${url}/settings/guard-rails`);
  const rails = olga.getByRole('switch', { name: /^Only administrators may/ });
  await rails.first().waitFor();
  expect('eight guard rails are plain switches', (await rails.count()) === 8);
  const rail = olga.getByRole('switch', { name: 'Only administrators may delete comments and messages' });
  const kept = olga.waitForResponse((answer) => answer.request().method() === 'PUT');
  await rail.click({ force: true });
  await kept;
  await olga.reload();
  await rails.first().waitFor();
  expect('a guard rail stays where it was put', await rail.isChecked());
  await look(olga, 'owner-rails');
  const taken = olga.waitForResponse((answer) => answer.request().method() === 'PUT');
  await rail.click({ force: true });
  await taken;

  // Who has seen this client, who can, and what the log says of today.
  await olga.goto(`${url}/contacts/${client.id}?tab=seen`);
  await olga.getByRole('tabpanel').getByText('Olga Orlova').first().waitFor();
  await look(olga, 'owner-who-has-seen');
  await olga.goto(`${url}/contacts/${client.id}?tab=access`);
  await olga.getByRole('tabpanel').getByText('Marta Kowalska').first().waitFor();
  await look(olga, 'owner-who-can-see');
  for (const place of [
    'security',
    'security/sign-ins',
    'security/sessions',
    'security/networks',
    'security/factors',
  ]) {
    await olga.goto(`${url}/${place}`);
    // What can be reached by keys comes with what is shown; before, there is nothing to look at.
    await olga.getByRole('main').locator('a, button, input, [tabindex="0"]').first().waitFor();
    await look(olga, `owner-${place.replace('/', '-')}`);
  }
  // Others work in the same house at the same time: the newest page of the log may be all theirs.
  const me = (await ask(olga, 'GET', '/session')).person.id;
  await olga.goto(`${url}/security?person=${me}`);
  await olga.getByRole('main').getByText('Olga Orlova').filter({ visible: true }).first().waitFor();
}
