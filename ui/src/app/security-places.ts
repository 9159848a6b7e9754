import { useLingui } from '@lingui/react/macro';
import { holds, type Session } from '../api/session';

/**
 * The pages under "Security" that this person may look at. The first of them is
 * where the menu leads; without any the menu does not name security at all.
 */
export function useSecurityPlaces(me: Session) {
  const { t } = useLingui();
  const watches = holds(me, 'people.manage') || holds(me, 'security.manage');
  const exports_ =
    holds(me, 'exports.read') ||
    Object.values(me.kinds).some((grades) => (grades.export ?? 'denied') !== 'denied');
  return [
    { to: '/security', label: t`Log`, shown: holds(me, 'ledger.read') },
    { to: '/security/sign-ins', label: t`Sign-ins`, shown: holds(me, 'ledger.read') },
    { to: '/security/exports', label: t`Exports`, shown: exports_ },
    { to: '/security/sessions', label: t`Sessions`, shown: watches },
    { to: '/security/factors', label: t`Second step`, shown: watches },
    { to: '/security/networks', label: t`Networks and hours`, shown: holds(me, 'security.manage') },
  ].filter((place) => place.shown);
}
