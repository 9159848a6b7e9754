import { useLingui } from '@lingui/react/macro';
import { holds, type Session } from '../api/session';

/**
 * The pages under "Security" that this person may look at. The first of them is
 * where the menu leads; without any the menu does not name security at all.
 */
export function useSecurityPlaces(me: Session) {
  const { t } = useLingui();
  return [{ to: '/security', label: t`Log`, shown: holds(me, 'ledger.read') }].filter((place) => place.shown);
}
