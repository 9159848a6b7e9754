const name = 'castellan.ended';

/**
 * Says that the session is over. Nothing of what is open may stay then: what is
 * not saved holds the page back no longer.
 */
export const sessionEnded = () => void window.dispatchEvent(new Event(name));

/** Does something when it is; what is returned forgets that. */
export function whenSessionEnds(then: () => void): () => void {
  window.addEventListener(name, then);
  return () => window.removeEventListener(name, then);
}
