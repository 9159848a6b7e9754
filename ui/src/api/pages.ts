import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/react-query';
import type { Page } from './record';

// A list that was scrolled through holds many pages. When something has changed
// only those before somebody's eyes are asked for again; the others are marked,
// and asked for when they come into sight.
//
// A page begins where the one before it ended. If what was asked for anew ends
// elsewhere than before, the page after it begins elsewhere, too: it is kept as
// it was until it is looked at, and begins at the new place from then on. Until
// then a record can stand on both sides of such a seam: `rowsOf` shows it once.

type Pages = InfiniteData<Page, string>;

interface Look {
  /** The rows in sight, from and to. */
  from: number;
  to: number;
  /** The next refresh asks only for what is marked, as nothing more has changed. */
  toMend: boolean;
  /** So does the one that is on its way. */
  mends: boolean;
  /** Where pages begin that were moved by the refresh that is on its way. */
  seams: Map<string, number>;
}

const looks = new WeakMap<object, Look>();
const old = new WeakSet<Page>();

/** A page that stands for another one: it is as old. */
export function inPlaceOf(page: Page, next: Page): Page {
  if (old.has(page)) old.add(next);
  return next;
}

/** All rows of the pages, each once. */
export function rowsOf(pages: Page[] | undefined): Page['items'] {
  const met = new Set<string>();
  return (pages ?? []).flatMap(({ items }) =>
    items.filter(({ id }) => {
      if (met.has(id)) return false;
      met.add(id);
      return true;
    }),
  );
}

const queryOf = (client: QueryClient, key: QueryKey) =>
  client.getQueryCache().find<Pages>({ queryKey: key, exact: true });

/** Says which rows of a list are in sight. Whoever calls it asks for what of them is old with `mend`. */
export function lookAt(client: QueryClient, key: QueryKey, from: number, to: number) {
  const query = queryOf(client, key);
  if (!query) return;
  const look = looks.get(query);
  if (look) Object.assign(look, { from, to });
  else looks.set(query, { from, to, toMend: false, mends: false, seams: new Map() });
}

/** Whether somebody has told which of its rows are in sight, so that it is never asked for as a whole. */
export const isLookedAt = (query: Query) => looks.has(query);

/** Asks for the pages in sight that are old, if there are any. */
export function mend(client: QueryClient, key: QueryKey) {
  const query = queryOf(client, key);
  const look = query && looks.get(query);
  const pages = query?.state.data?.pages;
  if (!query || !look || !pages || query.isDisabled()) return;
  if (query.state.fetchStatus !== 'idle' || query.state.status === 'error') return;
  if (!pages.some((page, at) => old.has(page) && inSight(pages, at, look))) return;
  look.toMend = true;
  void client.refetchQueries({ queryKey: key, exact: true });
}

interface Ask {
  client: QueryClient;
  queryKey: QueryKey;
  pageParam: string;
}

/**
 * Answers for one page of a list: from the server, unless it is asked for anew
 * out of sight. How many there are is asked by itself when the page that brings
 * it stays as it was.
 */
export async function pageOf(
  { client, queryKey, pageParam }: Ask,
  fetchPage: () => Promise<Page>,
  fetchCount: () => Promise<Page['count']>,
): Promise<Page> {
  const query = queryOf(client, queryKey);
  const look = query && looks.get(query);
  const data = query?.state.data;
  if (!look || !data) return fetchPage();
  if (pageParam === data.pageParams[0]) {
    // A refresh begins.
    look.seams.clear();
    look.mends = look.toMend;
    look.toMend = false;
    if (!look.mends) for (const page of data.pages) old.add(page);
  }
  const at = look.seams.get(pageParam) ?? data.pageParams.indexOf(pageParam);
  const was = data.pages[at];
  if (!was) return fetchPage();
  if (!old.has(was)) return was;
  if (!inSight(data.pages, at, look)) {
    if (at > 0 || look.mends) return was;
    return inPlaceOf(was, { ...was, ...counted(await fetchCount()) });
  }
  const page = await fetchPage();
  const after = data.pages[at + 1];
  if (after && page.next !== null && page.next !== data.pageParams[at + 1]) {
    old.add(after);
    look.seams.set(page.next, at + 1);
  }
  return page;
}

const counted = (count: Page['count']) => (count ? { count } : {});

// So many rows around those in sight are asked for with them.
const around = 20;

/** Whether a page has rows in sight, or would have them. */
function inSight(pages: Page[], at: number, { from, to }: Look): boolean {
  let begins = 0;
  for (const page of pages.slice(0, at)) begins += page.items.length;
  const ends = begins + (pages[at]?.items.length ?? 0);
  return ends >= from - around && begins <= to + around;
}
