/** What this tab keeps in a place until somebody signs out; nothing where nothing can be read. */
export function kept(place: string): object {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(place) ?? '{}');
    return read && typeof read === 'object' ? read : {};
  } catch {
    return {};
  }
}

/** Keeps it there, or nothing where nothing is in it. What the tab has no room for is not kept. */
export function keep(place: string, what: object) {
  try {
    // An older one is not to be taken for this one, should this one not go in.
    sessionStorage.removeItem(place);
    if (Object.keys(what).length > 0) sessionStorage.setItem(place, JSON.stringify(what));
  } catch {
    // It is still shown, and may still be saved.
  }
}

const whose = 'castellan.person';

/**
 * What the tab keeps is one person's: where a session ran out and somebody else
 * came in after it, nothing of it is left.
 */
export function keepFor(person: string) {
  try {
    const before = sessionStorage.getItem(whose);
    if (before !== null && before !== person) sessionStorage.clear();
    sessionStorage.setItem(whose, person);
  } catch {
    // A tab that keeps nothing has nothing to forget.
  }
}
