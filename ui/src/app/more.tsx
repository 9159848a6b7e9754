import { useLingui } from '@lingui/react/macro';
import { Drawer } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Place } from './place';
import classes from './shell.module.css';

/** The places that the bar of a phone has no room for. */
export default function More({ places, onClose }: { places: Place[]; onClose: () => void }) {
  const { t } = useLingui();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="bottom"
      size="auto"
      title={t`More`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <ul className={classes.places}>
        {places.map((place) => (
          <li key={place.to}>
            <Link to={place.to} className={classes.place} onClick={onClose}>
              <span aria-hidden className={classes.placeIcon}>
                {place.icon}
              </span>
              {place.label}
            </Link>
          </li>
        ))}
      </ul>
    </Drawer>
  );
}
