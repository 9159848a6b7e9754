import type { Viewing, ViewingBody } from './generated';
import { call, viewAs } from './http';

// Through whose eyes the page looks is kept for the tab alone: a new tab is oneself again.
const place = 'castellan.view-as';

/** Takes up the viewing that a reload interrupted. */
export function resumeViewing() {
  viewAs(sessionStorage.getItem(place));
}

/** Sees with one's own eyes again, without telling the server: it has ended the viewing. */
export function forgetViewing() {
  sessionStorage.removeItem(place);
  viewAs(null);
}

/** Looks through other eyes from now on. The page starts anew, so that nothing of the one view is left in the other. */
export async function startViewing(whom: ViewingBody) {
  const viewing = await call<Viewing>('POST', '/viewing', { body: whom });
  sessionStorage.setItem(place, viewing.id);
  location.assign('/');
}

/** Ends the viewing. If the server cannot be told, it ends by itself in its time. */
export async function leaveViewing(address: string) {
  forgetViewing();
  await call<void>('DELETE', '/viewing').catch(() => undefined);
  location.assign(address);
}
