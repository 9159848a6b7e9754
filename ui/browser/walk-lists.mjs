// The part of the walk that is about lists: a salesperson's morning. A view is
// filtered, saved and shared, a field is changed where it stands, many are tagged
// at once, and two records of the same client become one, and two again.

const post = (page, path, body) =>
  page.evaluate(
    async ([where, what]) =>
      (
        await fetch(`/api/v1${where}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(what),
        })
      ).json(),
    [path, body],
  );

const row = (page, name) => page.getByRole('row', { name });

/** A cell of the list by the words of its row and its column. */
async function cell(page, name, column) {
  const heads = await page.getByRole('columnheader').allInnerTexts();
  const place = heads.findIndex((head) => head.trim() === column);
  return row(page, name).getByRole('gridcell').nth(place);
}

export async function walkLists({ owner, url, look, expect, button, forgive }) {
  const one = await post(owner, '/contacts', {
    name: 'Celina Wrona',
    phones: [{ number: '+48 500 555 099' }],
    tags: ['morning'],
    city: 'Gdynia',
  });
  const two = await post(owner, '/contacts', {
    name: 'C. Wrona',
    phones: [{ number: '+48 500 555 099' }, { number: '+48 500 555 010' }],
    tags: ['morning', 'roses'],
  });
  await post(owner, '/deals', { title: 'A garden of roses', contact: two.id });

  // A filter that is clicked together, kept as a view and shared.
  await owner.goto(`${url}/contacts`);
  await row(owner, /Celina Wrona/).waitFor();
  await button(owner, 'Filter').click();
  await owner.getByRole('combobox', { name: 'By which field?' }).fill('Tags');
  await owner.getByRole('option', { name: 'Tags' }).click();
  await owner.getByRole('combobox', { name: 'Value' }).fill('morning');
  await owner.keyboard.press('Enter');
  await look(owner, 'lists-filter');
  await button(owner, 'Apply').click();
  await owner.getByRole('button', { name: 'Tags has morning', exact: true }).waitFor();
  await row(owner, /Anna Kowalska/).waitFor({ state: 'detached' });
  await button(owner, 'Save as a view').click();
  await owner.getByLabel('Name').fill('This morning');
  await owner.getByRole('radio', { name: 'Everyone' }).check();
  await look(owner, 'lists-save-view');
  await button(owner, 'Save').click();
  const tab = owner
    .getByRole('navigation', { name: 'Saved views' })
    .getByRole('button', { name: /This morning/ });
  await tab.first().waitFor();
  await owner.reload();
  await row(owner, /Celina Wrona/).waitFor();
  expect('a view is still open after a reload', (await tab.first().getAttribute('aria-current')) === 'true');
  expect('a view shows what its filter finds', (await owner.getByRole('row').count()) === 3);

  // Columns, by keys.
  await button(owner, 'Columns').click();
  await owner.getByRole('checkbox', { name: 'City' }).check();
  const grip = owner.getByRole('button', { name: /^Move City/ });
  await grip.focus();
  for (let i = 0; i < 3; i++) await owner.keyboard.press('ArrowUp');
  await look(owner, 'lists-columns');
  await owner.keyboard.press('Escape');
  const heads = (await owner.getByRole('columnheader').allInnerTexts())
    .map((head) => head.trim())
    .filter(Boolean);
  expect(`a column is moved by keys: ${heads}`, heads.indexOf('City') === heads.indexOf('Changed') - 3);
  await button(owner, 'Keep the changes').click();
  await button(owner, 'Keep the changes').waitFor({ state: 'detached' });

  // A field is changed where it stands.
  const city = await cell(owner, /C\. Wrona/, 'City');
  const before = owner.url();
  const closed = async (how) => {
    await owner.waitForTimeout(400);
    expect(
      `${how} opens no card`,
      owner.url() === before && (await owner.getByRole('article').count()) === 0,
    );
  };
  await city.click();
  await closed('one press on a cell that can be changed');
  expect('it marks the cell', (await city.getAttribute('data-cell')) === 'true');
  await owner.keyboard.press('F2');
  await owner.getByRole('textbox', { name: 'City' }).waitFor();
  await owner.keyboard.press('Escape');
  await owner.keyboard.press('Escape');
  await city.dblclick();
  await owner.getByRole('textbox', { name: 'City' }).waitFor();
  await closed('a double click');
  await owner.getByRole('textbox', { name: 'City' }).fill('Sopot');
  await look(owner, 'lists-edit');
  await owner.keyboard.press('Enter');
  await owner.getByRole('gridcell', { name: 'Sopot' }).waitFor();
  await city.dblclick();
  await owner.getByRole('textbox', { name: 'City' }).fill('Nowhere');
  await owner.keyboard.press('Escape');
  expect('Esc leaves a field as it was', (await city.innerText()).trim() === 'Sopot');
  expect(
    'what was changed is on the server',
    (await owner.evaluate(
      async (id) => (await (await fetch(`/api/v1/contacts/${id}`)).json()).city,
      two.id,
    )) === 'Sopot',
  );
  // Somebody else is faster: the cell springs back to what they wrote, and says so.
  await city.dblclick();
  await owner.getByRole('textbox', { name: 'City' }).fill('Gdańsk');
  await owner.evaluate(
    (id) =>
      fetch(`/api/v1/contacts/${id}`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ city: 'Hel' }),
      }),
    two.id,
  );
  const late = forgive(owner, 412, '/api/v1/contacts/');
  await owner.keyboard.press('Enter');
  await owner.getByText('Somebody changed this meanwhile').first().waitFor();
  await owner.getByRole('gridcell', { name: 'Hel', exact: true }).waitFor();
  late.end();

  // Many are tagged at once, and that is taken back.
  await owner.getByRole('checkbox', { name: /^Tick all/ }).check();
  await button(owner, 'Tag').click();
  await owner.getByRole('combobox', { name: 'Tags' }).fill('spring');
  await owner.keyboard.press('Enter');
  await look(owner, 'lists-bulk');
  await button(owner, 'Add').click();
  await owner.getByText('2 changed.').waitFor();
  await row(owner, /Celina Wrona.*spring/).waitFor();
  await button(owner, 'Undo').last().click();
  await row(owner, /Celina Wrona.*spring/).waitFor({ state: 'detached' });

  // Two records of one client become one, and two again.
  await owner.goto(`${url}/duplicates/contacts`);
  await owner.getByRole('link', { name: 'C. Wrona' }).waitFor();
  await look(owner, 'lists-duplicates');
  await owner.goto(`${url}/contacts/${one.id}`);
  await owner.getByText('Probably the same').waitFor();
  await button(owner, 'Merge…').click();
  await button(owner, 'Merge').waitFor();
  await look(owner, 'lists-merge');
  await button(owner, 'Merge').click();
  await owner.getByText('Merged.').waitFor();
  await owner.getByText('A garden of roses').waitFor();
  await row(owner, /C\. Wrona/).waitFor({ state: 'detached' });
  await look(owner, 'lists-merged');
  await button(owner, 'Undo').last().click();
  await row(owner, /C\. Wrona/).waitFor();
  await owner.getByText('A garden of roses').waitFor({ state: 'detached' });
  const back = await owner.evaluate(
    async (id) => (await (await fetch(`/api/v1/contacts/${id}`)).json()).phones.length,
    two.id,
  );
  expect('the other record is back with its numbers', back === 2);

  // While a new one is typed, the one that is there is named.
  await owner.goto(`${url}/contacts`);
  await row(owner, /Celina Wrona/).waitFor();
  await owner.keyboard.press('n');
  await owner.getByRole('textbox', { name: 'Phones: number' }).fill('+48 500 555 099');
  await owner.getByText('Perhaps it is there already').waitFor();
  await look(owner, 'lists-perhaps');
  await button(owner, 'Clear').click();
  await owner.keyboard.press('Escape');
}
