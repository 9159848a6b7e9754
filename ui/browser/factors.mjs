// The part of the walk that is about second steps: the owner protects the
// account right after the set-up, signs in by code, by passkey as the second step
// and as the only one, by a recovery code; a demand catches a session that lives;
// what reaches far asks once more. Chromium's own authenticator of software stands
// for the finger, oathtool for the phone.
import { execFileSync } from 'node:child_process';

/** What an authenticator app with the seed shows, so many steps from now. */
export const code = (seed, steps = 0) =>
  execFileSync('oathtool', [
    '--totp',
    '--base32',
    '--now',
    `${new Date(Date.now() + steps * 30_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
    seed.replaceAll(' ', ''),
  ])
    .toString()
    .trim();

/** Gives the page an authenticator that knows its owner. */
export async function finger(page) {
  const speak = await page.context().newCDPSession(page);
  await speak.send('WebAuthn.enable');
  const { authenticatorId } = await speak.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { speak, authenticatorId };
}

/** Protects the owner's account on the way in; counts the steps that it takes. */
export async function protect(owner, { look, expect, button }) {
  let steps = 0;
  await owner.getByRole('heading', { name: 'Protect your account' }).waitFor();
  await look(owner, 'protect');
  const begun = Date.now();
  await owner.getByRole('button', { name: /An app on your phone/ }).click();
  steps++;
  await owner.getByRole('img', { name: 'Picture for the camera of the app' }).waitFor();
  steps++; // the camera
  await look(owner, 'protect-app');
  await button(owner, 'The camera cannot read it?').click();
  const seed = (await owner.locator('[class*=seed]').innerText()).trim();
  await look(owner, 'protect-seed');
  await owner.getByLabel('Code of the app').fill('000000');
  await owner.getByText('This is not the code that the app shows now').waitFor();
  await owner.getByLabel('Code of the app').fill(code(seed, -1));
  steps++; // six digits, which send themselves
  await owner.getByRole('list', { name: 'Recovery codes' }).waitFor();
  await look(owner, 'protect-recovery');
  const recovery = await owner
    .getByRole('list', { name: 'Recovery codes' })
    .getByRole('listitem')
    .allInnerTexts();
  expect('ten recovery codes are shown', recovery.length === 10);
  expect('who has not kept them does not go on', await button(owner, 'Done').isDisabled());
  const file = owner.waitForEvent('download');
  await button(owner, 'Save as a file').click();
  expect('the codes can be kept as a file', (await file).suggestedFilename().endsWith('.txt'));
  await owner.getByLabel('I have kept them').check();
  steps++;
  await button(owner, 'Done').click();
  steps++;
  expect(`an app is added in ${steps} steps`, steps <= 5);
  expect('an app is added in under a minute', Date.now() - begun < 60_000);
  return { seed, recovery };
}

async function password(page, url, who) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(who.email);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const inside = (page) => page.getByRole('navigation').first().waitFor();

/**
 * The cookies are gone, as the next morning. A page that is still asking would
 * be told so, and go to the door by itself while the walk does.
 */
async function forget(page) {
  await page.waitForLoadState('networkidle');
  await page.context().clearCookies();
}

/** Everything else about second steps, once there is something to protect. */
export async function walkFactors({
  owner,
  person,
  browser,
  look,
  expect,
  button,
  url,
  who,
  seed,
  recovery,
}) {
  // A passkey, made in the settings.
  const key = await finger(owner);
  await owner.goto(`${url}/settings/you`);
  await owner.getByRole('button', { name: 'Add another' }).click();
  await owner.getByRole('button', { name: /^A passkey/ }).click();
  await owner.getByLabel('Name of the passkey').fill('Laptop');
  await look(owner, 'add-passkey');
  await button(owner, 'Make the passkey').click();
  await owner.getByText('Laptop').waitFor();
  await look(owner, 'second-steps');

  // The next day, at the same machine: the code, at a browser that has no passkey.
  const other = await person(browser);
  await password(other, url, who);
  await other.getByRole('heading', { name: 'Second step' }).waitFor();
  expect(
    'the code has the cursor',
    await other.getByLabel('Code of the app').evaluate((input) => input === document.activeElement),
  );
  expect(
    'phones offer the code by themselves',
    (await other.getByLabel('Code of the app').getAttribute('autocomplete')) === 'one-time-code',
  );
  await look(other, 'second-step');
  await other.goto(`${url}/contacts`);
  await other.getByRole('heading', { name: 'Second step' }).waitFor();
  expect(
    'who is halfway in stands at the second step, wherever they go',
    other.url().includes('/second-step'),
  );
  await other.getByLabel('Code of the app').fill('000000');
  await other.getByText('This code does not fit').waitFor();
  await look(other, 'second-step-wrong');
  await other.getByLabel('Code of the app').fill(code(seed));
  await inside(other);
  expect('the second step leads to where one wanted', other.url().includes('/contacts'));
  await forget(other);
  await password(other, url, who);
  await button(other, 'Use a recovery code').click();
  await other.getByLabel('Recovery code').fill(recovery[0].toUpperCase());
  await look(other, 'second-step-recovery');
  await button(other, 'Go on').click();
  await inside(other);
  await other.context().close();

  // The passkey as the second step, and as the only one.
  await forget(owner);
  await password(owner, url, who);
  await button(owner, 'Use a passkey').click();
  await inside(owner);
  await forget(owner);
  await owner.goto(`${url}/sign-in`);
  await look(owner, 'sign-in');
  await button(owner, 'Sign in with a passkey').click();
  await inside(owner);
  await owner.goto(`${url}/settings/you`);
  await owner.getByText('8 left').waitFor();
  expect('a recovery code that was used is gone', true);
  await look(owner, 'you-guarded');

  await owner.goto(`${url}/security/factors`);
  await owner.getByText(/^\d of \d$/).waitFor();
  await look(owner, 'who-is-guarded');

  // What reaches far asks once more; the page does not know of it.
  let asked = 0;
  await owner.route('**/api/v1/keys', async (route) => {
    if (route.request().method() !== 'POST' || asked++ > 0) return route.continue();
    return route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 403, code: 'stepup.needed', ways: ['totp', 'passkey', 'recovery'] }),
    });
  });
  await owner.goto(`${url}/settings/keys`);
  await owner.getByLabel('For which program').fill('Website');
  await owner.getByRole('combobox', { name: 'Role' }).or(owner.getByLabel('Role')).first().click();
  await owner.getByRole('option').last().click();
  await button(owner, 'Make').click();
  await owner.getByText('Is it you?').waitFor();
  await look(owner, 'is-it-you');
  await button(owner, 'Use a passkey').click();
  await owner.getByText(/ck_/).first().waitFor();
  expect('what was asked for is done after the proof', asked === 2);
  await owner.unroute('**/api/v1/keys');
  await owner.keyboard.press('Escape');
  return key;
}

/** A demand catches a person whose session lives: nothing opens but adding a factor. */
export async function walkDemand({ owner, ben, look, expect, button, url }) {
  const answer = await owner.evaluate(async () => {
    const sent = await fetch('/api/v1/security/terms/workspace', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ factor: true }),
    });
    return sent.status;
  });
  expect(`a second step can be demanded (${answer})`, answer === 200);
  ben.sessionEnds = true;
  await ben.waitForTimeout(1100);
  await ben.goto(`${url}/contacts`);
  await ben.getByRole('heading', { name: 'Protect your account' }).waitFor();
  ben.sessionEnds = false;
  await look(ben, 'demanded');
  await ben.getByRole('button', { name: /An app on your phone/ }).click();
  await button(ben, 'The camera cannot read it?').click();
  const seed = (await ben.locator('[class*=seed]').innerText()).trim();
  await ben.getByLabel('Code of the app').fill(code(seed, -1));
  await ben.getByLabel('I have kept them').check();
  await button(ben, 'Done').click();
  await inside(ben);
  expect('who has added it works on', ben.url().includes('/contacts'));
}
