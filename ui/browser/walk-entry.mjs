// The part of the walk that is about terms of entry and looks through other
// eyes: the owner narrows, is kept from locking themselves out, looks as a role
// and as a person, and comes back by one click.

/** Sets networks and hours for everyone, and is warned before it is too late. */
export async function walkTerms({ owner, url, look, expect, button }) {
  await owner.goto(`${url}/security/networks`);
  await owner.getByText('Anyone may sign in from anywhere, at any hour.').waitFor();
  await look(owner, 'networks');
  await button(owner, 'Change').first().click();
  await owner.getByLabel('Address or network').fill('the office');
  await button(owner, 'Add').click();
  await owner.getByText('A network is written as').waitFor();
  await owner.getByLabel('Address or network').fill('192.0.2.0/24');
  await button(owner, 'Add').click();
  await owner.getByText('this would lock you out').waitFor();
  expect('nobody can save what locks them out', await button(owner, 'Save').isDisabled());
  await owner.getByRole('button', { name: /^Add your address/ }).click();
  await owner.getByText('this would lock you out').waitFor({ state: 'detached' });
  await button(owner, 'Add hours').click();
  for (const day of ['Sat', 'Sun']) {
    await owner.getByRole('button', { name: day, exact: true }).click();
  }
  await owner.getByLabel('From', { exact: true }).fill('00:00');
  await owner.getByLabel('Until', { exact: true }).fill('00:00');
  await look(owner, 'networks-edited');
  await button(owner, 'Save').click();
  await owner.getByText('Only from these networks: 192.0.2.0/24, 127.0.0.1.').waitFor();
  await button(owner, 'Change').first().click();
  await owner.getByRole('button', { name: 'Remove 192.0.2.0/24' }).click();
  await owner.getByRole('button', { name: 'Remove these hours' }).click();
  await owner.getByRole('button', { name: 'Remove 127.0.0.1' }).click();
  await button(owner, 'Save').click();
  await owner.getByText('Anyone may sign in from anywhere, at any hour.').waitFor();

  await owner.getByRole('combobox', { name: 'Set it for a role or a person' }).click();
  await owner.getByRole('option', { name: 'Call centre' }).click();
  await owner.getByLabel('Address or network').fill('127.0.0.1, ::1, 203.0.113.0/24');
  await button(owner, 'Add').click();
  await button(owner, 'Save').click();
  await owner.getByText('Only from these networks: 127.0.0.1, ::1, 203.0.113.0/24.').waitFor();
  await look(owner, 'networks-of-a-role');
}

/** Looks as a role and leaves by one click. */
export async function walkViewing({ owner, url, look, expect, button }) {
  await owner.goto(`${url}/settings/roles`);
  await owner.getByRole('link', { name: /Call centre/ }).click();
  await button(owner, 'View as this role').click();
  await owner.getByText('You see everything as the role').waitFor();
  await owner.getByRole('row', { name: /Anna Kowalska/ }).waitFor();
  expect(
    'looking with a role shows its mask',
    (await owner
      .getByRole('row', { name: /Anna Kowalska/ })
      .locator('[data-mask=XXXX]')
      .count()) === 1,
  );
  expect(
    'the time that is left is shown',
    /^(9|10):\d\d left$/.test(await owner.getByRole('timer').innerText()),
  );
  expect('nothing can be made while looking', (await button(owner, 'New client').count()) === 0);
  await look(owner, 'view-as-role');
  await owner.reload();
  await owner.getByText('You see everything as the role').waitFor();
  // Ended elsewhere, the page finds back by itself, and may do so before it is told to.
  owner.lookEnds = true;
  await owner.evaluate(() => fetch('/api/v1/viewing', { method: 'DELETE' }));
  await owner.reload().catch(() => owner.waitForLoadState());
  await owner.getByRole('link', { name: 'Security' }).waitFor();
  owner.lookEnds = false;
  expect('a look that is over leaves no frame', (await owner.getByText('You see everything').count()) === 0);
}
