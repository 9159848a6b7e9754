// What every part of the walk needs: the real program on a workspace of its own
// or on the demo, people with a browser each, a look that asks axe and the
// content policy, ears for what comes over the wire, and a tally.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { patient } from './browser.mjs';
import { namesShown, watchWords } from './walk-words.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Starts the program and reads its console until `ready` finds something there. */
async function start(program, args, ready) {
  const child = spawn(resolve(program), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The program refuses settings that it does not know.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CASTELLAN_'))),
  });
  let said = '';
  const found = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`the program is not ready after 90 s:\n${said}`)), 90_000);
    const listen = (chunk) => {
      said += chunk;
      const what = ready(said);
      if (!what) return;
      clearTimeout(timer);
      done(what);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => fail(new Error(`the program ended (${code}):\n${said}`)));
  });
  /** Ends the program as a service manager does; says whether it ended well. */
  const end = async () => {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    return (await ended) === 0;
  };
  return { found, end };
}

/** An empty workspace, and the link by which the first person becomes its owner. */
export async function serveEmpty(program, data, more = []) {
  const port = await freePort();
  const { found, end } = await start(
    program,
    // Passkeys are made for names, not for addresses.
    ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--url', `http://localhost:${port}`, ...more],
    (said) => /https?:\/\/\S+\/setup#\S+/.exec(said)?.[0],
  );
  return { end, link: found, url: new URL(found).origin };
}

/** The demo, with its people by the first part of their addresses: people.ana.email, people.ana.password. */
export async function serveDemo(program, data) {
  const port = await freePort();
  // By the name that the program itself puts into links: a cookie of one host is none of another.
  const url = `http://localhost:${port}`;
  const { found, end } = await start(
    program,
    ['demo', '--data', data, '--listen', `127.0.0.1:${port}`],
    (said) => {
      const password = /^A workspace of made-up people\. Everybody's password is (\S+)$/m.exec(said)?.[1];
      const emails = [...said.matchAll(/^ {2}(\S+@example\.com) +\S/gm)].map(([, email]) => email);
      return password && emails.length === 7 && { password, emails };
    },
  );
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(`${url}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    await new Promise((done) => setTimeout(done, 100));
  }
  const people = Object.fromEntries(
    found.emails.map((email) => [email.split('@')[0], { email, password: found.password }]),
  );
  return { end, url, people };
}

/** A demo that was made before: its passwords were told then. */
export async function serveAgain(program, data) {
  const port = await freePort();
  const { end } = await start(program, ['demo', '--data', data, '--listen', `127.0.0.1:${port}`], (said) =>
    / serves http/.test(said),
  );
  return { end, url: `http://localhost:${port}` };
}

export const button = (place, name) => place.getByRole('button', { name, exact: true });

/** Comes in by the page's own door. */
export async function signIn(page, url, { email, password }) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.locator('input[autocomplete="current-password"]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.waitForURL((at) => at.pathname !== '/sign-in');
  await goOn(page);
}

/** Whoever may do much harm is asked for a second step first; those who walk leave it for later. */
export async function goOn(page) {
  const inside = page.getByRole('navigation').first();
  const later = page.locator('[data-later]'); // it may be in any language
  await inside.or(later).first().waitFor();
  if (new URL(page.url()).pathname !== '/protect') return;
  await later.click();
  await inside.waitFor();
}

/** Asks the API as whoever sits at the page does; for what a part needs before it can begin. */
export async function ask(page, method, path, body) {
  return page.evaluate(
    async ([how, where, what]) => {
      const answer = await fetch(`/api/v1${where}`, {
        method: how,
        headers: what ? { 'Content-Type': 'application/json' } : {},
        ...(what ? { body: JSON.stringify(what) } : {}),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${how} ${where}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    [method, path, body],
  );
}

/** What the console says although nothing is wrong. */
function isUsual(page, text, address) {
  const { pathname } = new URL(address || 'about:blank');
  // The browser itself tells of every 401: that is how the page learns that nobody is signed in.
  // So it is with a look through other eyes that is over.
  if (/status of 40[13]/.test(text) && pathname === '/api/v1/session') return true;
  // A page whose session ends under it is told so by whatever it asks next; the walk says where that is.
  if (/status of 401/.test(text) && pathname.startsWith('/api/') && page.sessionEnds) return true;
  // So it is while a look through other eyes ends.
  if (/status of 403/.test(text) && pathname.startsWith('/api/') && page.lookEnds) return true;
  // And of every proof that was refused, which the walk does on purpose.
  if (/status of (401|403|422)/.test(text) && /\/session\/factor|\/api\/v1\/keys/.test(pathname)) return true;
  return false;
}

/**
 * The walk of one part. Its pages are watched from their first moment; what
 * they complain of is counted against the part.
 */
export function walking(part, { browser, shots, count }) {
  const passed = [];
  const failed = [];
  const complaints = [];
  const contexts = [];

  function expect(what, held) {
    if (held) passed.push(what);
    else {
      failed.push(what);
      console.error(`not so: ${part}: ${what}`);
    }
  }

  /** A browser of one person's own, watched for complaints. */
  async function person(_, size = { width: 1440, height: 900 }, colorScheme = 'light', more = {}) {
    const context = await browser.newContext({
      viewport: size,
      locale: 'en-GB',
      reducedMotion: 'reduce',
      colorScheme,
      ...more,
    });
    contexts.push(context);
    // Stands in every page before its own scripts, which the content policy does not touch.
    await context.addInitScript({ content: axe });
    await context.addInitScript({
      content: `window.breaches = []; addEventListener('securitypolicyviolation', (e) => breaches.push(e.violatedDirective + ' ' + e.blockedURI));`,
    });
    await context.addInitScript({ content: watchWords });
    const page = patient(await context.newPage());
    page.setDefaultTimeout(15_000);
    page.forgiven = [];
    const complain = (text) => complaints.push(`${new URL(page.url()).pathname}: ${text}`);
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const address = message.location().url;
      if (isUsual(page, message.text(), address)) return;
      const provoked = page.forgiven.find(
        (each) =>
          message.text().includes(`status of ${each.status}`) &&
          new URL(address || 'about:blank').pathname.startsWith(each.path),
      );
      if (provoked) provoked.times++;
      else complain(`${message.text()} ${new URL(address || 'about:blank').pathname}`);
    });
    page.on('pageerror', (error) => complain(error.message));
    return page;
  }

  /**
   * Lets the console tell of answers that the walk provokes on purpose, until
   * `end` is called, which holds the walk to having provoked one.
   */
  function forgive(page, status, path) {
    const rule = { status, path, times: 0 };
    page.forgiven.push(rule);
    return {
      end() {
        page.forgiven.splice(page.forgiven.indexOf(rule), 1);
        expect(`${path} was refused with ${status}`, rule.times > 0);
      },
    };
  }

  /** Hears every byte that the server says to the page from now on. */
  function hear(page) {
    const said = [];
    const listen = (answer) => {
      const { pathname, search } = new URL(answer.url());
      // The stream of what others change has no end; walk-live reads it to the byte.
      if (pathname.startsWith('/api/') && pathname !== '/api/v1/events')
        said.push(
          answer.body().then(
            (body) => ({ path: pathname + search, text: body.toString('utf8') }),
            () => ({ path: pathname, text: '' }),
          ),
        );
    };
    page.on('response', listen);
    return {
      /** Listens no more; what was heard can still be asked. */
      end() {
        page.off('response', listen);
      },
      /** The requests whose answers hold one of the words. */
      async where(...words) {
        return (await Promise.all(said))
          .filter(({ text }) => words.some((word) => text.includes(word)))
          .map(({ path }) => path);
      },
      get count() {
        return said.length;
      },
    };
  }

  /** Looks at the page as it stands. */
  async function look(page, name) {
    await page.waitForLoadState('networkidle').catch(() => {});
    await page
      .locator('h1')
      .first()
      .waitFor({ timeout: 10_000 })
      .catch(() => {});
    await page.waitForTimeout(250);
    const { breaches, violations } = await page.evaluate(async () => ({
      breaches: window.breaches,
      violations: (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map(
        (each) =>
          `${each.id}: ${each.nodes
            .map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim()}`)
            .slice(0, 4)
            .join(' | ')}`,
      ),
    }));
    const nameless = await namesShown(page);
    expect(`${name}: every sentence is shown in words (${nameless.join(', ')})`, nameless.length === 0);
    expect(`${name}: nothing breaks the content policy (${breaches.join('; ')})`, breaches.length === 0);
    expect(`${name}: nothing keeps people out\n  ${violations.join('\n  ')}`, violations.length === 0);
    if (shots)
      await page.screenshot({
        path: join(shots, `${part}-${String(++count.stops).padStart(3, '0')}-${name}.png`),
      });
  }

  /** Ends the part: what fell, what was complained of, and where the pages stood. */
  async function end(fell) {
    if (fell) {
      failed.push('it was walked to its end');
      for (const context of contexts) {
        for (const page of context.pages()) {
          console.error(`${part}: a page stood at ${new URL(page.url()).pathname}`);
          if (shots)
            await page.screenshot({ path: join(shots, `${part}-fell-${count.stops++}.png`) }).catch(() => {});
        }
      }
      console.error(fell);
    }
    expect(`nothing complains:\n  ${complaints.join('\n  ')}`, complaints.length === 0);
    for (const context of contexts) await context.close().catch(() => {});
    return { passed: passed.length, failed: failed.length };
  }

  return { browser, person, look, expect, button, forgive, hear, signIn, ask, end };
}

/** Makes the first person of an empty workspace, for parts that are about something else. */
export async function found({ person, button, link, url, browser }) {
  const owner = await person(browser);
  await owner.goto(link);
  await owner.getByLabel('Name of the company').fill('Studio Aurora');
  await owner.getByLabel('Your name').fill('Ana Lopez');
  await owner.getByLabel('Your e-mail').fill('ana@example.com');
  await owner.getByLabel('Password', { exact: true }).fill('four quiet horses cross the river');
  await button(owner, 'Begin').click();
  await owner.getByRole('heading', { name: 'Protect your account' }).waitFor();
  await owner.goto(`${url}/contacts`);
  await owner.getByText('Your clients will be here').waitFor();
  return owner;
}

/**
 * Lets somebody new in by a one-time link, as whoever sits at the page makes it.
 * The role is an id, or the key of a ready one.
 */
export async function newcomer({ ask, person, browser }, boss, { name, email, role, size, scheme, more }) {
  const roles = (await ask(boss, 'GET', '/roles')).items;
  const { id } = roles.find((each) => each.built === role || each.id === role);
  const made = await ask(boss, 'POST', '/people', { email, name, role: id, invite: 'link' });
  const page = await person(browser, size, scheme, more);
  await page.goto(made.link.url);
  await page.getByLabel('Password', { exact: true }).fill('eleven slow rivers under the moon');
  await button(page, 'Begin').click();
  await page.waitForURL((at) => at.pathname !== '/link');
  await goOn(page);
  return { page, id: made.id };
}

/** Makes a role like another one, and says what differs. */
export async function roleLike({ ask }, boss, like, name, change) {
  const model = (await ask(boss, 'GET', '/roles')).items.find((each) => each.built === like);
  const { grades = {}, sights = [], abilities = [], days, stages } = model;
  const draft = structuredClone({
    name,
    grades,
    sights,
    abilities,
    ...(days ? { days } : {}),
    ...(stages ? { stages } : {}),
  });
  return (await ask(boss, 'POST', '/roles', change(draft) ?? draft)).id;
}

/** People of the demo speak their own languages; the walk reads English. */
export async function english({ ask }, page) {
  const { person } = await ask(page, 'GET', '/session');
  await ask(page, 'PATCH', `/people/${person.id}`, { language: 'en' });
  await page.reload();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

/** A Wednesday that lies so many weeks ahead, and the days beside it. */
export function wednesday(weeks, days = 0) {
  const day = new Date(`${new Date().toISOString().slice(0, 10)}T12:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7) + weeks * 7 + 2 + days);
  return day.toISOString().slice(0, 10);
}

/** Chooses from a list that opens under a field. */
export async function choose(place, field, option) {
  const page = typeof place.page === 'function' ? place.page() : place;
  const box = place.getByRole('combobox', { name: field, exact: true });
  await box.click();
  await page.getByRole('option', { name: option }).first().click();
}

/** Closes the notes that would lie over what is clicked next. */
export async function closeNotes(page) {
  for (const note of await page.locator('.mantine-Notification-closeButton').all())
    await note.click().catch(() => {});
}

/** A thumb on the page: touches that the browser takes for real ones. */
export async function thumb(page) {
  const speak = await page.context().newCDPSession(page);
  const send = (type, points) =>
    speak.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
  let at = [0, 0];
  const down = async (point, hold = 0) => {
    at = point;
    await send('touchStart', [at]);
    await page.waitForTimeout(hold);
  };
  const to = async ([x, y], steps = 8) => {
    const [fromX, fromY] = at;
    for (let i = 1; i <= steps; i++) {
      at = [fromX + ((x - fromX) * i) / steps, fromY + ((y - fromY) * i) / steps];
      await send('touchMove', [at]);
      await page.waitForTimeout(16);
    }
  };
  const up = () => send('touchEnd', []);
  /** Presses, holds so long, moves through the points and lifts. */
  const stroke = async ([first, ...rest], { hold = 0, steps = 8 } = {}) => {
    await down(first, hold);
    for (const point of rest) await to(point, steps);
    await up();
  };
  return { down, to, up, stroke };
}
