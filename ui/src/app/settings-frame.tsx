import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { kinds } from '../api/kinds';
import { holds, type Session, useMe } from '../api/session';
import { PageTitle } from '../kit/page';
import { Unsaved } from '../kit/unsaved';
import { useHere } from './here';
import classes from './settings-frame.module.css';

/** The settings that this person may look at. */
export function useSettingsPlaces(me: Session) {
  const { t } = useLingui();
  const { data: all = [] } = useQuery(kinds);
  const services = all.find((each) => each.name === 'service');
  return [
    { to: '/settings', label: t`Workspace`, shown: true },
    { to: '/settings/you', label: t`You`, shown: !me.view_as },
    { to: '/settings/people', label: t`People`, shown: holds(me, 'people.manage') },
    { to: '/settings/roles', label: t`Roles and rights`, shown: holds(me, 'roles.manage') },
    { to: '/settings/groups', label: t`Groups`, shown: holds(me, 'groups.manage') },
    { to: '/settings/guard-rails', label: t`Guard rails`, shown: holds(me, 'rails.manage') },
    { to: '/settings/fields', label: t`Fields`, shown: holds(me, 'fields.manage') },
    { to: '/settings/pipelines', label: t`Pipelines`, shown: holds(me, 'pipelines.manage') },
    { to: '/settings/words', label: t`Tags and sources`, shown: holds(me, 'fields.manage') && !me.view_as },
    {
      to: '/settings/services',
      label: t`Services`,
      shown:
        !me.view_as &&
        ['create', 'edit'].some((each) => (services?.actions[each as 'edit'] ?? 'denied') !== 'denied'),
    },
    { to: '/settings/staff', label: t`Working hours`, shown: holds(me, 'schedule.manage') },
    { to: '/settings/mail', label: t`Mail`, shown: holds(me, 'settings.manage') },
    { to: '/import', label: t`Import`, shown: holds(me, 'import.run') },
    { to: '/settings/keys', label: t`Program keys`, shown: holds(me, 'keys.manage') },
    { to: '/settings/providers', label: t`Sign-in providers`, shown: holds(me, 'security.manage') },
    { to: '/settings/directory', label: t`Account sync`, shown: holds(me, 'security.manage') },
  ].filter((place) => place.shown);
}

/** The settings: a list of places beside the chosen one. */
export function SettingsFrame() {
  const { t } = useLingui();
  const me = useMe();
  const places = useSettingsPlaces(me);
  const row = useHere();
  return (
    <div className={classes.frame}>
      <PageTitle title={t`Settings`} />
      <nav ref={row} aria-label={t`Settings`} className={classes.places}>
        {places.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className={classes.place}
            activeOptions={{ exact: place.to === '/settings' }}
            activeProps={{ 'data-here': true }}
          >
            {place.label}
          </Link>
        ))}
        {places.length <= 2 && (
          <p className={classes.note}>
            <Trans>More settings appear here when your role allows them.</Trans>
          </p>
        )}
      </nav>
      <div className={classes.inside}>
        <Unsaved>
          <Outlet />
        </Unsaved>
      </div>
    </div>
  );
}
