// Walks through the page as people do, in a real browser against the real
// program. On every page on the way: no complaint in the console, no breach of
// the content policy, nothing that axe knows to keep people out.
//
//   CASTELLAN_BIN=./castellan npm run walk
//   CASTELLAN_BIN=./castellan npm run walk -- --part journal,days    only these parts
//   CASTELLAN_BIN=./castellan npm run walk -- --shots DIR            keeps a picture of each stop
//
// A part is a function in a file of its own, added to the list below. It is
// given people with browsers of their own and what walking.mjs makes for it,
// and stands on the workspace that it names: "empty" is a program of its own
// with the link of the first visit, "mail" is the same beside a mail server and
// a mailbox of its own, "demo" is the workspace of made-up people,
// one for all parts that name it. Parts on the demo make what they count, and
// leave alone what they did not make.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { options, start } from './browser.mjs';
import { walkAsks } from './walk-asks.mjs';
import { walkCard } from './walk-card.mjs';
import { walkClosed } from './walk-closed.mjs';
import { walkAdministrator } from './walk-day-administrator.mjs';
import { walkManager } from './walk-day-manager.mjs';
import { walkOwner } from './walk-day-owner.mjs';
import { walkSales } from './walk-day-sales.mjs';
import { walkStylist } from './walk-day-stylist.mjs';
import { walkExports } from './walk-export.mjs';
import { walkFirm } from './walk-firm.mjs';
import { walkJournals } from './walk-journal.mjs';
import { walkKinds } from './walk-kinds.mjs';
import { walkLive } from './walk-live.mjs';
import { walkLong } from './walk-long.mjs';
import { serveMail, walkMail } from './walk-mail.mjs';
import { walkMenus } from './walk-menus.mjs';
import { walkPapers } from './walk-papers.mjs';
import { walkPlanted } from './walk-planted.mjs';
import { walkTyped } from './walk-typed.mjs';
import { serveDemo, serveEmpty, walking } from './walking.mjs';

const parts = [
  { name: 'firm', house: 'empty', walk: walkFirm },
  { name: 'journal', house: 'empty', walk: walkJournals },
  { name: 'live', house: 'empty', walk: walkLive },
  { name: 'asks', house: 'empty', walk: walkAsks },
  { name: 'kinds', house: 'empty', walk: walkKinds },
  { name: 'long', house: 'empty', walk: walkLong },
  { name: 'mail', house: 'mail', walk: walkMail },
  { name: 'papers', house: 'empty', walk: walkPapers },
  { name: 'planted', house: 'empty', walk: walkPlanted },
  { name: 'typed', house: 'empty', walk: walkTyped },
  // Days of people, from morning to evening: --part days walks all five.
  { name: 'administrator', of: 'days', house: 'demo', walk: walkAdministrator },
  { name: 'stylist', of: 'days', house: 'demo', walk: walkStylist },
  { name: 'sales', of: 'days', house: 'demo', walk: walkSales },
  { name: 'manager', of: 'days', house: 'demo', walk: walkManager },
  { name: 'owner', of: 'days', house: 'demo', walk: walkOwner },
  { name: 'card', house: 'demo', walk: walkCard },
  { name: 'closed', house: 'demo', walk: walkClosed },
  { name: 'export', house: 'demo', walk: walkExports },
  { name: 'menus', house: 'demo', walk: walkMenus },
];

const program = process.env.CASTELLAN_BIN;
if (!program) throw new Error('CASTELLAN_BIN must name the program');
const { shots, part } = options({ shots: '', part: '' });
if (shots) mkdirSync(shots, { recursive: true });
const named = part ? part.split(',') : null;
const asked = parts.filter((each) => !named || named.includes(each.name) || named.includes(each.of));
for (const word of named ?? []) {
  if (!parts.some((each) => each.name === word || each.of === word))
    throw new Error(`there is no part ${word}; there are ${parts.map((each) => each.name).join(', ')}`);
}

const count = { stops: 0 };
let passed = 0;
let failed = 0;
const tell = (what, held) => {
  if (held) passed++;
  else {
    failed++;
    console.error(`not so: ${what}`);
  }
};

const open = async (kind) => {
  const data = mkdtempSync(join(tmpdir(), 'castellan-walk-'));
  const serve = { demo: serveDemo, empty: serveEmpty, mail: serveMail }[kind];
  return { data, fell: 0, ...(await serve(program, data)) };
};

async function close(house) {
  tell('the program ends well when it is asked to', await house.end());
  if (house.fell) console.error(`the data is kept in ${house.data}`);
  else rmSync(house.data, { recursive: true, force: true });
}

const browser = await start();
let demo = null;

async function walkPart({ name, house: kind, walk }) {
  const began = Date.now();
  if (kind === 'demo') demo ??= open(kind);
  const house = await (kind === 'demo' ? demo : open(kind));
  const { link, url, people, post } = house;
  const tools = walking(name, { browser, shots, count });
  const fell = await walk({ ...tools, link, url, people, post }).then(
    () => null,
    (error) => error ?? new Error('it fell'),
  );
  const result = await tools.end(fell);
  passed += result.passed;
  failed += result.failed;
  house.fell += result.failed;
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(
    `${result.failed ? 'FAIL' : 'ok  '}  ${name}: ${result.passed} passed, ${result.failed} failed, ${seconds} s`,
  );
  if (kind !== 'demo') await close(house);
}

// Two at a time: a page waits more than it works.
const left = [...asked];
const lane = async () => {
  for (let part = left.shift(); part; part = left.shift()) await walkPart(part);
};
try {
  await Promise.all([lane(), lane()]);
} finally {
  await browser.close();
  if (demo) await close(await demo);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
