import { useCallback, useEffect, useState } from 'react';

/** What was left in a place of this tab; nothing where nothing can be read. */
function kept(place: string): object {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(place) ?? '{}');
    return read && typeof read === 'object' ? read : {};
  } catch {
    return {};
  }
}

/**
 * What a form in a dialog holds until it is saved or cleared. It survives
 * however the dialog is closed, and leaving the page, so nothing has to be
 * asked before; in this tab and until somebody signs out: it holds a client's
 * data. What is for one client has a place of its own: what is typed for one is
 * never said of another. Without a place nothing is kept, as where something
 * that is there is changed.
 *
 * `begin` says what the form begins with, given what was left.
 */
export function useFormDraft<Draft extends object>(
  place: string | null,
  begin: (left: Partial<Draft>) => Draft,
) {
  const first = () => begin(place === null ? {} : kept(place));
  const [shown, setShown] = useState(place);
  const [draft, setDraft] = useState(first);
  if (shown !== place) {
    setShown(place);
    setDraft(first());
  }

  useEffect(() => {
    if (place === null) return;
    if (Object.keys(draft).length) sessionStorage.setItem(place, JSON.stringify(draft));
    else sessionStorage.removeItem(place);
  }, [place, draft]);

  const set = useCallback((next: Partial<Draft>) => setDraft((now) => ({ ...now, ...next })), []);

  /** What is shown stays, and is not there when the dialog is opened again. */
  function forget() {
    if (place !== null) sessionStorage.removeItem(place);
  }

  function clear(to: Draft = begin({})) {
    forget();
    setDraft(to);
  }

  return { draft, set, forget, clear };
}
