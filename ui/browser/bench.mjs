// Measures how quick the page is for whoever sits before it, in a real browser
// against the real program, on a workspace of real sizes.
//
//   CASTELLAN_BIN=./castellan npm run bench
//
//   --clients 110000     how many clients the list has
//   --data DIR           where the workspace is kept for the next run (made if it is not there)
//   --times 7            how often each screen is opened
//   --only scroll        one part only: scroll, screens
//
// scroll   Flings a list of all clients and prints how long a frame takes, on a
//          desk and on a phone: at the top, where rows are fetched on the way,
//          and far down, with every row there.
// screens  Prints the time from a click until what was asked for is painted, and
//          its ratio to the bare list of clients: a journal week of 12 people, a
//          board of 2,000 open deals, a card with 500 entries, a search. Each
//          time the page is fresh, so that nothing is in its memory but code.
//
// Milliseconds are of the machine; ratios can be compared. A median over its
// bound ends with exit code 1.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { options, start } from './browser.mjs';
import { ask, serveAgain, serveDemo, signIn } from './walking.mjs';

const program = process.env.CASTELLAN_BIN;
if (!program) throw new Error('CASTELLAN_BIN must name the program');
const { clients, data, times, only } = options({ clients: '110000', data: '', times: '7', only: '' });
const dir = data ? resolve(data) : mkdtempSync(join(tmpdir(), 'castellan-bench-'));
const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const bounds = { median: 20, p95: 50, click: 200 };
const missed = [];

function bound(what, figure, most) {
  if (figure > most) missed.push(`${what}: ${figure.toFixed(0)} ms, bound ${most}`);
}

const middle = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
const p95 = (all) =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * 0.95))] ?? 0;

/** A file of made-up clients. Names differ, so that no two are taken for one. */
function file(count) {
  const first = ['Anna', 'Piotr', 'Мария', 'Luca', 'Ewa', 'Олег', 'Giulia', 'Tomasz', 'Vera', 'Dario'];
  const last = ['Nowak', 'Rossi', 'Orlov', 'Wrona', 'Bianchi', 'Lis', 'Волкова', 'Carter', 'Conti', 'Zima'];
  const lines = ['Name;E-mail;City;Tags'];
  for (let i = 0; i < count; i++) {
    const name = `${first[i % 10]} ${last[Math.floor(i / 10) % 10]} ${(i * 7919) % 1_000_003}`;
    lines.push(
      `${name};client${i}@example.com;${['Gdynia', 'Torino', 'Казань'][i % 3]};${i % 4 ? '' : 'vip'}`,
    );
  }
  return lines.join('\n');
}

/** Fills the demo up to the sizes that are measured. */
async function fill(browser) {
  const path = join(dir, 'clients.csv');
  const first = await serveDemo(program, dir);
  await first.end(); // the demo is made; now it is nobody's, and the clients come in by the file
  writeFileSync(path, file(Number(clients)));
  execFileSync(resolve(program), ['import', 'contacts', path, '--data', dir, '--as', 'olga@example.com'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CASTELLAN_'))),
  });
  rmSync(path);
  const { url, end } = await serveAgain(program, dir);
  const { people } = first;
  const page = await (await browser.newContext()).newPage();
  await signIn(page, url, people.olga);
  const { items: roles } = await ask(page, 'GET', '/roles');
  const week = Array.from({ length: 7 }, () => [{ from: 9 * 60, to: 18 * 60 }]);
  const { items: staff } = await ask(page, 'GET', '/staff');
  const team = staff.map((each) => each.person.id);
  for (let i = team.length; i < 12; i++) {
    const email = `stylist${i}@example.com`;
    const role = roles.find((each) => each.name === 'Specialist') ?? roles.at(-1);
    const person = await ask(page, 'POST', '/people', { name: `Stylist ${i}`, email, role: role.id });
    await ask(page, 'PUT', `/staff/${person.id}`, { week, position: 'Stylist' });
    team.push(person.id);
  }
  const { items: some } = await ask(page, 'GET', '/contacts?limit=100');
  const ids = some.map((each) => each.id);
  const many = (path, bodies) =>
    page.evaluate(
      async ([where, all]) => {
        for (let at = 0; at < all.length; at += 8) {
          const answers = await Promise.all(
            all.slice(at, at + 8).map((body) =>
              fetch(`/api/v1${where}`, {
                method: 'POST',
                headers: { 'Content-Type': 'application/json' },
                body: JSON.stringify(body),
              }),
            ),
          );
          for (const answer of answers) {
            if (!answer.ok && answer.status !== 409 && answer.status !== 422)
              throw new Error(`${where}: ${answer.status} ${await answer.text()}`);
          }
        }
      },
      [path, bodies],
    );
  const monday = new Date();
  monday.setUTCHours(0, 0, 0, 0);
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7));
  const visits = [];
  for (const [n, responsible] of team.entries()) {
    for (let day = 0; day < 7; day++) {
      for (let hour = 8; hour < 16; hour++) {
        const starts = new Date(monday.getTime() + (day * 24 + hour) * 3_600_000);
        const ends = new Date(starts.getTime() + 45 * 60_000);
        const contact = ids[(n * 31 + day * 7 + hour) % ids.length];
        visits.push({ responsible, contact, starts_at: starts.toISOString(), ends_at: ends.toISOString() });
      }
    }
  }
  await many('/appointments', visits);
  await many(
    '/deals',
    Array.from({ length: 2000 }, (_, i) => ({
      title: `Order ${i}`,
      contact: ids[i % ids.length],
      amount: `${100 + i}.00`,
      currency: 'EUR',
    })),
  );
  const talker = await ask(page, 'POST', '/contacts', { name: 'Zenobia Longtalk' });
  await many(
    '/comments',
    Array.from({ length: 500 }, (_, i) => ({
      about_kind: 'contact',
      about: talker.id,
      text: `Entry ${i}: called.`,
    })),
  );
  writeFileSync(join(dir, 'bench.json'), JSON.stringify({ people }));
  await end();
}

/** Flings the list and gives the times between frames, in milliseconds. */
function fling(page, { from, down, seconds, speed }) {
  return page.evaluate(
    ([start, way, whole, fast]) =>
      new Promise((done) => {
        const box = document.querySelector('[role=grid]');
        box.scrollTop = start;
        const frames = [];
        let began = 0;
        let last = 0;
        const step = (now) => {
          if (last) {
            frames.push(now - last);
            // As a finger lets go: quick at first, then slower.
            const left = Math.max(0, 1 - (now - began) / whole);
            box.scrollTop += way * fast * left * ((now - last) / 1000);
          } else began = now;
          last = now;
          if (now - began < whole) requestAnimationFrame(step);
          else done(frames);
        };
        // Not before what stands there is painted.
        setTimeout(() => requestAnimationFrame(step), 400);
      }),
    [from, down ? 1 : -1, seconds * 1000, speed],
  );
}

async function scroll(browser, { url, people }) {
  for (const [name, viewport] of Object.entries(sizes)) {
    const context = await browser.newContext({ viewport, hasTouch: name === 'phone' });
    const page = await context.newPage();
    await signIn(page, url, people.olga);
    await page.goto(`${url}/contacts`);
    await page.locator('[role=row][aria-rowindex="2"]').waitFor();
    await page.waitForTimeout(1000);
    const say = (where, frames) => {
      console.log(
        `scroll ${name.padEnd(6)} ${where.padEnd(22)} median ${middle(frames).toFixed(1).padStart(6)} ms   p95 ${p95(frames).toFixed(1).padStart(6)} ms   ${frames.length} frames`,
      );
      bound(`${name}, ${where}, median frame`, middle(frames), bounds.median);
      bound(`${name}, ${where}, 95th of 100 frames`, p95(frames), bounds.p95);
    };
    say('while rows come', await fling(page, { from: 0, down: true, seconds: 3, speed: 4000 }));
    // Every row is fetched, as by somebody who holds the End key.
    const rows = await page.evaluate(async (wanted) => {
      const box = document.querySelector('[role=grid]');
      const whole = () => Number(box.scrollHeight);
      const until = performance.now() + 240_000;
      const height = [...document.querySelectorAll('[role=row]')].at(-1).offsetHeight;
      while (whole() / height < wanted && performance.now() < until) {
        box.scrollTop = whole();
        await new Promise((done) => setTimeout(done, 8));
      }
      return Math.floor(whole() / height);
    }, Number(clients));
    const height = await page
      .locator('[role=row][data-active], [role=row]')
      .last()
      .evaluate((row) => row.offsetHeight);
    say(
      `${rows} rows, reading`,
      await fling(page, { from: 20_000 * height, down: true, seconds: 3, speed: 3000 }),
    );
    say(
      `${rows} rows, fling`,
      await fling(page, { from: (rows - 200) * height, down: false, seconds: 4, speed: 30_000 }),
    );
    await context.close();
  }
}

/** From a click until what was asked for is painted. */
async function clicked(page, target, there) {
  const spot = await target.boundingBox();
  await page.mouse.move(spot.x + spot.width / 2, spot.y + spot.height / 2);
  await page.waitForTimeout(150); // a hand rests before it presses
  await page.evaluate((code) => {
    const is = new Function(`return ${code}`);
    window.painted = new Promise((done) => {
      let at = 0;
      addEventListener('pointerdown', () => (at = performance.now()), { capture: true, once: true });
      const look = () => {
        if (at && is()) {
          // After the next frame it is on the glass.
          requestAnimationFrame(() => setTimeout(() => done(performance.now() - at)));
        } else requestAnimationFrame(look);
      };
      look();
    });
  }, there);
  await page.mouse.down();
  await page.mouse.up();
  return page.evaluate(() => window.painted);
}

async function screens(browser, { url, people }) {
  const context = await browser.newContext({ viewport: sizes.desk });
  const page = await context.newPage();
  await signIn(page, url, people.olga);
  const rail = (path) => page.locator(`nav a[href="${path}"]`).first();
  const grid = `document.querySelectorAll('[role=grid] [role=row][aria-rowindex]').length > 10 && !document.querySelector('[role=grid][aria-busy=true]')`;
  const all = [
    ['list of clients', '/settings', () => rail('/contacts'), grid],
    [
      'journal week, 12 people',
      '/journal',
      () => page.getByText('Week', { exact: true }).first(),
      `document.querySelectorAll('.visit').length > 200`,
    ],
    [
      'board of 2,000 deals',
      '/settings',
      () => rail('/deals'),
      `document.querySelectorAll('[data-card], [class*=card]').length > 20`,
    ],
    [
      'card with 500 entries',
      '/contacts?search=Zenobia',
      () => page.getByRole('link', { name: /Zenobia/ }).first(),
      `[...document.querySelectorAll('article li, article [class*=entry]')].filter((each) => /Entry \\d+: called/.test(each.textContent)).length > 10`,
    ],
    [
      'search opens',
      '/contacts',
      () => page.getByRole('button', { name: /Search/ }).first(),
      `document.querySelector('[role=dialog] input')`,
    ],
  ];
  let floor = 0;
  for (const [name, from, target, there] of all) {
    const found = [];
    for (let i = 0; i <= Number(times); i++) {
      await page.goto(url + from);
      await page.waitForTimeout(1500); // events keep the line busy: it is never idle
      await target().waitFor();
      await page.waitForTimeout(300);
      const took = await clicked(page, target(), there);
      if (i > 0) found.push(took); // the first one fetches code
    }
    floor ||= middle(found);
    console.log(
      `screen ${name.padEnd(26)} median ${middle(found).toFixed(0).padStart(5)} ms   most ${Math.max(...found)
        .toFixed(0)
        .padStart(5)} ms   ${(middle(found) / floor).toFixed(2)} of a list`,
    );
    bound(name, middle(found), bounds.click);
  }
  // What is typed into the search, until its answer is there.
  const found = [];
  for (let i = 0; i <= Number(times); i++) {
    await page.goto(`${url}/contacts`);
    await page.waitForTimeout(1500); // events keep the line busy: it is never idle
    await page.keyboard.press('Control+k');
    const box = page.locator('[role=dialog] input').first();
    await box.waitFor();
    await box.fill('zenobi');
    await page.waitForTimeout(600);
    await page.evaluate(() => {
      window.painted = new Promise((done) => {
        let at = 0;
        addEventListener('keydown', () => (at ||= performance.now()), { capture: true });
        const look = () => {
          const there = [...document.querySelectorAll('[role=option]')].some((each) =>
            /Wrona/.test(each.textContent),
          );
          if (at && there) requestAnimationFrame(() => setTimeout(() => done(performance.now() - at)));
          else requestAnimationFrame(look);
        };
        look();
      });
      document.querySelector('[role=dialog] input').select();
    });
    await page.keyboard.insertText('wron');
    await page.keyboard.press('a');
    const took = await page.evaluate(() => window.painted);
    if (i > 0) found.push(took);
  }
  console.log(
    `screen ${'search, typed to shown'.padEnd(26)} median ${middle(found).toFixed(0).padStart(5)} ms   most ${Math.max(
      ...found,
    )
      .toFixed(0)
      .padStart(5)} ms   ${(middle(found) / floor).toFixed(2)} of a list`,
  );
  bound('search', middle(found), bounds.click);
  await context.close();
}

const browser = await start();
const kept = join(dir, 'bench.json');
let server;
try {
  mkdirSync(dir, { recursive: true });
  if (!existsSync(kept)) await fill(browser);
  if (only !== 'fill') {
    server = { ...(await serveAgain(program, dir)), ...JSON.parse(readFileSync(kept, 'utf8')) };
    if (only !== 'screens') await scroll(browser, server);
    if (only !== 'scroll') await screens(browser, server);
  }
} finally {
  await browser.close();
  await server?.end();
  if (!data) rmSync(dir, { recursive: true, force: true });
}
for (const one of missed) console.error(`missed: ${one}`);
process.exit(missed.length ? 1 : 0);
