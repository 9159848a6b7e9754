import { useLocation } from '@tanstack/react-router';
import { type RefObject, useEffect, useRef } from 'react';

/** On a phone the places lie in a row that scrolls: the one that is open is brought into sight. */
export function useHere(): RefObject<HTMLElement | null> {
  const row = useRef<HTMLElement>(null);
  const at = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    const all = row.current;
    const here = at && all?.querySelector<HTMLElement>('[data-here]');
    if (!here || !all) return;
    // The row alone moves, never the page.
    const off = here.getBoundingClientRect().left - all.getBoundingClientRect().left;
    all.scrollLeft += off - (all.clientWidth - here.offsetWidth) / 2;
  }, [at]);
  return row;
}
