import { useLingui } from '@lingui/react/macro';
import { Link, Outlet } from '@tanstack/react-router';
import { useMe } from '../api/session';
import { PageTitle } from '../kit/page';
import { Unsaved } from '../kit/unsaved';
import { useHere } from './here';
import classes from './security-frame.module.css';
import { useSecurityPlaces } from './security-places';

/** Watching and guarding the workspace: one page for each question, side by side. */
export function SecurityFrame() {
  const { t } = useLingui();
  const places = useSecurityPlaces(useMe());
  const row = useHere();
  return (
    <div className={classes.frame}>
      <PageTitle title={t`Security`} />
      {places.length > 1 && (
        <nav ref={row} aria-label={t`Security`} className={classes.places}>
          {places.map((place) => (
            <Link
              key={place.to}
              to={place.to}
              className={classes.place}
              activeOptions={{ exact: true, includeSearch: false }}
              activeProps={{ 'data-here': true }}
            >
              {place.label}
            </Link>
          ))}
        </nav>
      )}
      <div className={classes.inside}>
        <Unsaved>
          <Outlet />
        </Unsaved>
      </div>
    </div>
  );
}
