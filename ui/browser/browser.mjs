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
