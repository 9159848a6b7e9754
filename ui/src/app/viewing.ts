import { viewAs } from '../api/http';

// Whom the page views as is kept for the tab alone: a new tab is oneself again.
const place = 'castellan.view-as';

/** Takes up the viewing that a reload interrupted. */
export function resumeViewing() {
  viewAs(sessionStorage.getItem(place));
}

/** Views as the person from now on; null ends it. The page starts anew, so that nothing of the one view is left in the other. */
export function startViewing(person: string | null, address = '/') {
  if (person) sessionStorage.setItem(place, person);
  else sessionStorage.removeItem(place);
  viewAs(person);
  location.assign(address);
}
