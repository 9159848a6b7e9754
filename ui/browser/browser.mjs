// Starts Debian's Chromium for scripts that look at the page.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const programs = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A fresh browser without a profile, which speaks to nobody but the page's server. */
export function start() {
  const executablePath = programs.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium found; set CHROMIUM to its path');
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Reads "--name value" pairs. */
export function options(defaults) {
  const read = { ...defaults };
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i]?.replace(/^--/, '');
    if (!name || !(name in defaults)) throw new Error(`unknown option ${process.argv[i]}`);
    read[name] = process.argv[i + 1] ?? '';
  }
  return read;
}

/**
 * Lets a page be waited for until it asks for nothing more. A page listens to
 * what others change for as long as it is open, so that to the browser it would
 * never be idle.
 */
export function patient(page) {
  const open = new Set();
  page.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/api/v1/events') open.add(request);
  });
  for (const end of ['requestfinished', 'requestfailed'])
    page.on(end, (request) => {
      open.delete(request);
    });
  const wait = page.waitForLoadState.bind(page);
  page.waitForLoadState = async (state, more) => {
    if (state !== 'networkidle') return wait(state, more);
    await wait('load', more);
    const until = Date.now() + (more?.timeout ?? 15_000);
    for (let quiet = Date.now(); Date.now() - quiet < 500; await page.waitForTimeout(50)) {
      if (open.size > 0) quiet = Date.now();
      if (Date.now() > until) throw new Error('the page does not come to rest');
    }
  };
  return page;
}
