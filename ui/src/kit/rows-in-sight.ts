import { type RefObject, useLayoutEffect, useState } from 'react';

// Rows above and below the sight that exist, too; and the sight moves by some
// rows at once, so that a slow scroll draws nothing most of the time.
const around = 6;
const step = 4;

/** Which of many rows of one height are in sight of what scrolls them, and a few around. */
export function useRowsInSight(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  height: number,
): { from: number; to: number } {
  const [sight, setSight] = useState(() => ({ from: 0, to: Math.ceil(innerHeight / height) }));

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    let room = box.clientHeight;
    const look = () => {
      const top = box.scrollTop;
      const from = Math.max(0, Math.floor((Math.floor(top / height) - around) / step) * step);
      const to = Math.ceil((Math.ceil((top + room) / height) + around) / step) * step;
      setSight((now) => (now.from === from && now.to === to ? now : { from, to }));
    };
    // The height is asked for when it changes, not at each move.
    const watch = new ResizeObserver(() => {
      room = box.clientHeight;
      look();
    });
    watch.observe(box);
    box.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      watch.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, [scroller, height]);

  const to = Math.min(count, sight.to);
  return { from: Math.min(sight.from, Math.max(0, to - 1)), to };
}
