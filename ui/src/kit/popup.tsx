import { Suspense, useEffect, useRef, useState } from 'react';
import { later, part } from './later';
import classes from './popup.module.css';
import type { PopupProps } from './popup-props';

// What floats comes with its first opening: a list is there before it.
const Body = part(later(() => import('./popup-body')));

/** Something that opens beside what was clicked. */
export function Popup({ target, ...body }: PopupProps) {
  const [met, setMet] = useState(body.opened);
  if (body.opened && !met) setMet(true);
  const here = useRef<HTMLSpanElement>(null);
  const { opened } = body;

  // A press on the target is its own business, and not one outside of what it opened.
  useEffect(() => {
    const place = here.current;
    if (!place || !opened) return;
    const own = (event: Event) => event.stopPropagation();
    place.addEventListener('mousedown', own);
    place.addEventListener('touchstart', own, { passive: true });
    return () => {
      place.removeEventListener('mousedown', own);
      place.removeEventListener('touchstart', own);
    };
  }, [opened]);

  return (
    <span className={classes.place}>
      <span ref={here} className={classes.target}>
        {target}
      </span>
      {met && (
        <Suspense>
          <Body {...body} />
        </Suspense>
      )}
    </span>
  );
}
