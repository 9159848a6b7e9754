import { whenIdle } from '../kit/idle';
import { later } from '../kit/later';

// What most people open next. Its code is there before it is asked for; data is
// not, since what is fetched counts as seen.
const next = [
  later(() => import('../features/record/list-page').then((page) => page.ahead())),
  later(() => import('../features/search/palette')),
  later(() => import('./finder')),
  later(() => import('./card')),
  later(() => import('../features/record/card').then((page) => page.ahead())),
  later(() => import('../features/journal/journal-page').then((page) => page.ahead())),
];

interface Line {
  saveData?: boolean;
}

/** Fetches, one after the other, the code of what is likely to be opened; nothing on a line that is paid for. */
export async function fetchAhead() {
  const line = (navigator as { connection?: Line }).connection;
  if (line?.saveData || matchMedia('(max-width: 640px)').matches) return;
  for (const load of next) {
    await new Promise<void>((done) => whenIdle(done, 60_000));
    await load().catch(() => {});
  }
}
