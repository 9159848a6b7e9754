import { useBlocker } from '@tanstack/react-router';
import {
  createContext,
  type ReactNode,
  Suspense,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { whenSessionEnds } from './ended';
import { later, part } from './later';

const Question = part(later(() => import('./unsaved-question')));

/** Says that something is changed and not saved, and gives what says that this is over. */
type Hold = () => () => void;

const Page = createContext<Hold | null>(null);

/** A place in the page, as its address says it. */
export interface At {
  pathname: string;
  search: object;
}

/** Another place, or the same one asked for something else; not another spot of the same. */
const elsewhere = (now: At, next: At) =>
  now.pathname !== next.pathname || JSON.stringify(now.search) !== JSON.stringify(next.search);

/**
 * A page with parts that are changed and saved. While something is not saved,
 * a link and the way back ask first, once however many parts are changed; and
 * so does the browser before the tab is closed.
 *
 * `leaves` says by which steps what was typed is lost; if not told, by all.
 */
export function Unsaved({
  children,
  leaves = elsewhere,
}: {
  children: ReactNode;
  leaves?: (now: At, next: At) => boolean;
}) {
  const held = useRef(0);
  const hold = useCallback<Hold>(() => {
    held.current++;
    void Question.ahead().catch(() => {}); // it is asked for again when it is shown
    let over = false;
    return () => {
      if (!over) held.current--;
      over = true;
    };
  }, []);
  const asks = useCallback(
    ({ current, next }: { current: At; next: At }) => held.current > 0 && leaves(current, next),
    [leaves],
  );
  const leaving = useCallback(() => held.current > 0, []);
  useEffect(
    () =>
      whenSessionEnds(() => {
        held.current = Number.NEGATIVE_INFINITY;
      }),
    [],
  );
  const step = useBlocker({ shouldBlockFn: asks, enableBeforeUnload: leaving, withResolver: true });
  return (
    <Page value={hold}>
      {children}
      {step.status === 'blocked' && (
        <Suspense>
          <Question onStay={step.reset} onLeave={step.proceed} />
        </Suspense>
      )}
    </Page>
  );
}

/**
 * Has the page ask before it is left while something is changed. What is
 * returned ends that at once, for a step that follows a save or a "cancel"
 * before the page is drawn anew.
 */
export function useUnsaved(changed: boolean): () => void {
  const hold = useContext(Page);
  if (!hold) throw new Error('what can be changed stands in <Unsaved>');
  const mine = useRef<(() => void) | null>(null);
  const end = useCallback(() => {
    mine.current?.();
    mine.current = null;
  }, []);
  // At once with what is drawn: a step may follow the last key in the same moment.
  useLayoutEffect(() => {
    if (!changed) return;
    mine.current = hold();
    return end;
  }, [changed, hold, end]);
  return end;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/**
 * What was changed, over what somebody else has saved meanwhile; null where
 * both have changed the same.
 */
export function over<Saved extends object>(base: Saved, draft: Saved, saved: Saved): Saved | null {
  const merged = { ...saved };
  for (const name of new Set([...Object.keys(base), ...Object.keys(draft)]) as Set<keyof Saved>) {
    if (same(draft[name], base[name]) || same(draft[name], saved[name])) continue;
    if (!same(saved[name], base[name])) return null;
    merged[name] = draft[name];
  }
  return merged;
}

/**
 * Something that is saved, and what is changed of it until it is saved anew;
 * the page asks before such a change is lost.
 *
 * What somebody else saves meanwhile is taken in, and takes away nothing that
 * was typed here. Where both have changed the same, the draft stays with the
 * version on which it was begun, so that the server says so when it is saved.
 */
export function useChanges<Saved extends object>(saved: Saved) {
  const [at, setAt] = useState<{ base: Saved; draft: Saved; sent?: Saved }>({ base: saved, draft: saved });
  let now = at;
  if (!same(now.base, saved)) {
    const next = now.sent && same(now.draft, now.sent) ? saved : over(now.base, now.draft, saved);
    if (next) {
      now = { base: saved, draft: next };
      setAt(now);
    }
  }
  const { base, draft, sent } = now;
  const changed = !same(draft, base) && !(sent && same(draft, sent));
  const end = useUnsaved(changed);
  return {
    draft,
    changed,
    set: useCallback((next: Saved) => setAt((was) => ({ ...was, draft: next })), []),
    /** As it is saved. */
    reset() {
      end();
      setAt({ base: saved, draft: saved });
    },
    /** This was taken by the server; what it has made of it may come later. */
    settled(what: Saved) {
      end();
      setAt((was) => ({ ...was, sent: what }));
    },
  };
}
