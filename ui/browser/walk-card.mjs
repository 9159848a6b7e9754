// The card in long use: a timeline of everything that is longer than one look,
// narrowed by the server; a next step that stays in sight; and a search over
// everything that tells apart what is called the same, and does what is typed.
import { newcomer } from './walking.mjs';

async function before({ ask }, boss) {
  const post = (path, body) => ask(boss, 'POST', path, body);
  const { items: staff } = await ask(boss, 'GET', '/staff');
  const marta = staff.find((each) => each.person.name === 'Marta Kowalska').person.id;
  const client = await post('/contacts', { name: 'Thea Longfield', phones: [{ number: '+1 646 555 0181' }] });
  await post('/contacts', { name: 'Thea Longfield' });
  // The oldest of all lies beyond the first look.
  await post('/calls', { title: 'The very first call', contact: client.id, direction: 'in' });
  await post('/deals', { title: 'Winter season', contact: client.id, amount: '640.00', currency: 'EUR' });
  await post('/messages', {
    subject: 'A word by chat',
    body: 'See you',
    contact: client.id,
    channel: 'chat',
    direction: 'in',
  });
  const { items: services } = await ask(boss, 'GET', '/services');
  await post('/appointments', {
    contact: client.id,
    responsible: marta,
    service: services.find((each) => each.name === 'Facial').id,
    starts_at: '2031-03-05T10:00:00Z',
  });
  for (let i = 0; i < 110; i++)
    await post('/comments', { text: `Remark ${i}`, about_kind: 'contact', about: client.id });
  return client;
}

const onScreen = (place) =>
  place.evaluate((node) => {
    const box = node.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + 30, box.top + box.height / 2);
    return box.top >= 0 && box.bottom <= innerHeight && node.contains(top);
  });

export async function walkCard(tools) {
  const { browser, url, people, person, look, expect, signIn, hear, ask } = tools;
  const boss = await person(browser);
  await signIn(boss, url, people.olga);
  const client = await before(tools, boss);

  for (const [size, scheme] of [
    [{ width: 1440, height: 900 }, 'light'],
    [{ width: 390, height: 844 }, 'dark'],
  ]) {
    const page = await person(browser, size, scheme);
    await signIn(page, url, people.olga);
    await page.goto(`${url}/contacts/${client.id}`);
    const card = page.getByRole('article');
    const next = card.getByRole('region', { name: 'Next step' });
    await next.getByText('Facial').waitFor();
    const past = card.getByRole('region', { name: 'What happened' });
    await past.getByText('Remark 109').waitFor();
    const name = size.width < 500 ? 'phone' : 'desk';
    await past.getByText('Remark 40').scrollIntoViewIfNeeded();
    expect(`${name}: the next step is in sight deep in the timeline`, await onScreen(next));
    for (const way of ['Write', 'Record a call', 'Plan'])
      expect(
        `${name}: ${way} is one click away there`,
        await onScreen(next.getByRole('button', { name: way })),
      );
    await look(page, `card-deep-${name}`);

    // Each filter finds what lies beyond the first look, and only that.
    const only = past.getByRole('radiogroup', { name: 'Show only' });
    for (const [filter, found, other] of [
      ['Calls', 'The very first call', 'Remark 109'],
      ['Deals', 'Winter season', 'The very first call'],
      ['Messages', 'A word by chat', 'Winter season'],
      ['Appointments', 'Facial', 'A word by chat'],
      ['Changes', 'created it', 'Facial'],
      ['Comments', 'Remark 109', 'created it'],
    ]) {
      await only.getByText(filter, { exact: true }).click();
      expect(
        `${name}: ${filter} is chosen`,
        await only.getByRole('radio', { name: filter, exact: true }).isChecked(),
      );
      await past.getByRole('listitem').filter({ hasText: found }).first().waitFor();
      await past.getByRole('listitem').filter({ hasText: other }).waitFor({ state: 'detached' });
      expect(
        `${name}: ${filter} alone are shown`,
        (await past.getByRole('listitem').filter({ hasText: other }).count()) === 0,
      );
    }
    await only.getByText('Appointments', { exact: true }).click();
    await past.getByRole('listitem').filter({ hasText: '2031' }).waitFor();
    await look(page, `card-visits-${name}`);
    await page.goto(`${url}/contacts/${client.id}?tab=history`);
    await next.getByText('Facial').waitFor();
    expect(`${name}: the next step stands on the other tabs, too`, await onScreen(next));
  }

  // What is called the same is told apart; what is typed is done.
  await boss.goto(`${url}/contacts`);
  await boss
    .getByRole('row', { name: /Thea Longfield/ })
    .first()
    .waitFor();
  const find = async (typed) => {
    await boss.keyboard.press('Control+k');
    await boss.getByRole('combobox', { name: 'Search' }).fill(typed);
  };
  await find('facial');
  const visit = boss.getByRole('option', { name: /Facial.*Thea Longfield.*2031/ });
  await visit.waitFor();
  await look(boss, 'search-told-apart');
  await boss.keyboard.press('Escape');
  await find('winter seson');
  await boss.getByRole('option', { name: /Winter season.*Thea Longfield/ }).click();
  await boss.waitForURL(/\/deals\//);
  await find('dark');
  await boss.getByRole('option', { name: 'Dark colours' }).click();
  expect(
    'a command is done at once',
    (await boss.locator('html').getAttribute('data-mantine-color-scheme')) === 'dark',
  );
  await look(boss, 'search-dark');
  await find('bpekfnm'); // nothing is called so, in no script
  await boss.getByText('Nothing that you may see is called so.').waitFor();
  await boss.keyboard.press('Escape');

  // Whose task it is about stays unsaid to whoever may not see the client.
  const { page: sue, id } = await newcomer(tools, boss, {
    name: 'Sue Gray',
    email: 'sue@example.com',
    role: 'specialist',
  });
  await ask(boss, 'POST', '/tasks', { title: 'Bring quartz back', contact: client.id, responsible: id });
  const heard = hear(sue);
  await sue.goto(`${url}/tasks`);
  await sue.getByRole('row', { name: /Bring quartz back/ }).waitFor();
  await sue.keyboard.press('Control+k');
  await sue.getByRole('combobox', { name: 'Search' }).fill('quartz');
  await sue.getByRole('option', { name: /Bring quartz back/ }).waitFor();
  await look(sue, 'search-of-a-specialist');
  const came = await heard.where('Longfield');
  expect(`the client of the task has not come (${came})`, came.length === 0 && heard.count > 3);
  // A number that a client out of her sight has, and one that nobody has: she is told the
  // same, to the letter and to the byte, before asking for access and after.
  const told = [];
  for (const number of ['+1 646 555 0181', '+1 646 555 0182']) {
    const bytes = [];
    const listen = (answer) => {
      if (/\/contacts\/(alike|ask)$/.test(new URL(answer.url()).pathname))
        bytes.push(
          answer.text().then(
            (text) => `${answer.status()} ${text}`,
            () => `${answer.status()}`, // nothing to read in an answer that says nothing
          ),
        );
    };
    sue.on('response', listen);
    await sue.goto(`${url}/contacts?new=1`);
    const fresh = sue.getByRole('dialog', { name: 'New: Client' });
    await fresh.getByRole('textbox', { name: /^Name/ }).fill('Somebody New');
    await fresh.getByRole('textbox', { name: 'Phones: number' }).fill(number);
    const hint = fresh.getByText('A colleague may have it already; you would not see that here.');
    await hint.waitFor();
    const before = await hint.locator('xpath=..').innerText();
    await look(sue, 'blind-duplicate');
    await fresh.getByRole('button', { name: 'Ask for access' }).click();
    const after = fresh.getByText(
      'If a colleague has such a record, they have been asked. More is not told.',
    );
    await after.waitFor();
    sue.off('response', listen);
    // How often was asked meanwhile depends on how fast somebody types, not on what is there.
    const answers = [...new Set(await Promise.all(bytes))];
    told.push(JSON.stringify([before, await after.innerText(), answers]));
  }
  expect(
    `what is there and what is not are told the same (${told.join(' | ')})`,
    told[0] === told[1] && told[0].includes('204'),
  );
  await boss.goto(`${url}/tasks`);
  await boss
    .getByRole('row', { name: /Sue Gray/ })
    .first()
    .waitFor();
  await look(boss, 'access-was-asked-for');

  // The role has its name in her language, though she may not list roles.
  await ask(sue, 'PATCH', `/people/${id}`, { language: 'ru' });
  await sue.reload();
  await sue.getByRole('button', { name: /Sue Gray/ }).click();
  await sue.getByRole('menu').getByText('Специалист').waitFor();
  await look(sue, 'role-in-her-language');
}
