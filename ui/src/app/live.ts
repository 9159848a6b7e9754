import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query';
import { type Changes, listen } from '../api/events';
import { changing, Problem } from '../api/http';
import { type Kind, kinds } from '../api/kinds';
import { isLookedAt } from '../api/pages';
import { check, session } from '../api/session';
import { forgetViewing } from '../api/viewing';
import { sessionEnded } from '../kit/ended';

/** Changes that come close together are shown together. */
const gather = 120;
/** Between two refreshes of the same there is so much time. */
const rest = 2000;
/** What is held back while somebody drags or types in a list is not held for longer. */
const patience = 20_000;
/** What was gone through so far is not fetched whole; a list whose sight is known never is. */
const farScrolled = 5;

/** Keeps what is on the screen true while others work. Whoever calls the answer ends it. */
export function follow(client: QueryClient): () => void {
  let waiting: Changes[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  let since = 0;
  let pressed = false;
  const press = () => {
    pressed = true;
  };
  const release = () => {
    pressed = false;
  };
  const presses = ['pointerdown', 'dragstart'] as const;
  const releases = ['pointerup', 'pointercancel', 'dragend', 'drop'] as const;
  for (const name of presses) addEventListener(name, press, true);
  for (const name of releases) addEventListener(name, release, true);

  /** Nothing moves under a hand, nor while what somebody has done is on its way. */
  const held = () => pressed || changing() || typesInList();

  function show() {
    timer = undefined;
    if (held() && Date.now() - since < patience) {
      timer = setTimeout(show, 200);
      return;
    }
    const all = waiting;
    waiting = [];
    last = Date.now();
    refresh(client, all);
  }

  const stop = listen({
    told: (changes) => {
      if (!changes.all && !changes.kinds?.length) return;
      if (waiting.length === 0) since = Date.now();
      waiting.push(changes);
      // Everybody is told at once that anything may have changed; they need not all ask at once.
      const spread = changes.all ? Math.random() * rest : 0;
      timer ??= setTimeout(show, Math.max(gather + spread, last + rest - Date.now()));
    },
    ended: async () => {
      try {
        await check();
        return true;
      } catch (failure) {
        if (!(failure instanceof Problem) || (failure.status !== 401 && failure.status !== 403)) return true;
        if (failure.code === 'viewas.over') forgetViewing();
        client.clear();
        sessionEnded();
        location.reload();
        return false;
      }
    },
  });

  return () => {
    stop();
    clearTimeout(timer);
    for (const name of presses) removeEventListener(name, press, true);
    for (const name of releases) removeEventListener(name, release, true);
  };
}

/** Whether something is being typed into a row, which must not move away. */
function typesInList(): boolean {
  const at = document.activeElement;
  return (
    !!at?.closest('[role="row"], [role="grid"]') &&
    at.matches('input:not([type="checkbox"]), textarea, [contenteditable]')
  );
}

/** Asks anew for what shows any of it, and lets all else be asked for when it is next looked at. */
export function refresh(client: QueryClient, all: Changes[]) {
  if (all.some((changes) => changes.all)) {
    void client.invalidateQueries({
      predicate: (query) => isOfRecords(query.queryKey) && !isFar(query),
    });
    // What they may do may be what has changed.
    for (const key of [session.queryKey, kinds.queryKey, ['pipelines']]) {
      void client.invalidateQueries({ queryKey: key });
    }
    return;
  }
  const known = client.getQueryData<Kind[]>(kinds.queryKey) ?? [];
  const changed = new Map<string, { ids: Set<string>; more: boolean }>();
  const about = new Set<string>();
  for (const { kind, ids = [], about: on = [], more = false } of all.flatMap((each) => each.kinds ?? [])) {
    const plural = known.find((each) => each.name === kind)?.plural;
    if (!plural) continue;
    const now = changed.get(plural) ?? { ids: new Set(), more: false };
    for (const id of ids) now.ids.add(id);
    changed.set(plural, { ids: now.ids, more: now.more || more });
    for (const id of on) about.add(id);
  }
  void client.invalidateQueries({
    predicate: (query) => !isFar(query) && touches(query.queryKey, changed, about),
  });
}

type Changed = ReadonlyMap<string, { ids: ReadonlySet<string>; more: boolean }>;

// What holds many records, and what holds one, by the third word of its key.
const ofMany = ['list', 'board', 'of', 'all'];
const ofOne = ['one', 'timeline', 'history', 'shares', 'access'];

/** Whether a question's answer may be another one now. */
export function touches(key: readonly unknown[], changed: Changed, about: ReadonlySet<string>): boolean {
  const [room, plural, part, id] = key as [string, string, string, unknown];
  if (room === 'journal') return changed.has('appointments');
  if (room === 'dashboard') return true;
  if (room !== 'records') return false;
  // What is written on a record is part of its timeline, and its files are.
  if ((part === 'timeline' || part === 'of') && about.has(String(id))) return true;
  const now = changed.get(plural);
  if (!now) return false;
  if (ofMany.includes(part)) return true;
  return ofOne.includes(part) && (now.more || now.ids.has(String(id)));
}

const isOfRecords = (key: readonly unknown[]) => ['records', 'journal', 'dashboard'].includes(String(key[0]));

/** Whether somebody has gone so far through something that all of it is too much to ask for again. */
function isFar(query: Query): boolean {
  return (
    !isLookedAt(query) &&
    ((query.state.data as InfiniteData<unknown> | undefined)?.pages?.length ?? 0) > farScrolled
  );
}
