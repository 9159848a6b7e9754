import { useCallback, useEffect, useState } from 'react';
import { keep, kept } from './tab';

/**
 * What a form in a dialog holds until it is saved or cleared. It survives
 * however the dialog is closed, and leaving the page, so nothing has to be
 * asked before; in this tab and until somebody signs out: it holds a client's
 * data. What is for one client has a place of its own: what is typed for one is
 * never said of another. Where something that is there is changed, the place
 * names its version, so that nothing is typed over what somebody else has made
 * of it. Without a place nothing is kept.
 *
 * `begin` says what the form begins with, given what was left. A form in which
 * nothing was changed leaves nothing.
 */
export function useFormDraft<Draft extends object>(
  place: string | null,
  begin: (left: Partial<Draft>) => Draft,
) {
  const first = () => {
    const before = place === null ? {} : kept(place);
    const fresh = JSON.stringify(begin({}));
    const draft = begin(before);
    return { place, fresh, draft, left: JSON.stringify(draft) !== fresh && Object.keys(before).length > 0 };
  };
  const [at, setAt] = useState(first);
  let now = at;
  if (at.place !== place) {
    now = first();
    setAt(now);
  }
  const { draft, fresh } = now;

  useEffect(() => {
    if (place !== null) keep(place, JSON.stringify(draft) === fresh ? {} : draft);
  }, [place, draft, fresh]);

  const set = useCallback(
    (next: Partial<Draft>) => setAt((was) => ({ ...was, draft: { ...was.draft, ...next } })),
    [],
  );

  /** What is shown stays, and is not there when the dialog is opened again. */
  function forget() {
    if (place !== null) keep(place, {});
  }

  function clear(to: Draft = begin({})) {
    forget();
    setAt((was) => ({ ...was, draft: to, left: false }));
  }

  /** Of `left`: what is shown was typed before, and not yet saved. */
  return { draft, left: now.left, set, forget, clear };
}
