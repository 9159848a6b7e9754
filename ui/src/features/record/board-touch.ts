// Cards that follow a finger. Browsers drag what is draggable only for mice, and
// some of them after a long press; here a card is held for a moment, follows the
// finger, and the board scrolls under it at its edges.

/** For how long a card is pressed before it follows; shorter is a tap or a scroll. */
const hold = 280;
/** How far a finger may tremble meanwhile. */
const tremble = 10;
/** How near an edge the board begins to scroll, and how fast at most. */
const edge = 56;
const pace = 9;

interface Options {
  element: HTMLElement;
  /** What scrolls aside, with lanes in it that say their stage. */
  board: HTMLElement;
  onHeld: (held: boolean) => void;
  onDrop: (stage: string) => void;
}

/** Lets a card be moved to another lane with a finger; gives what ends that. */
export function followsFinger({ element, board, onHeld, onDrop }: Options): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let ghost: HTMLElement | null = null;
  let over: HTMLElement | null = null;
  let turning = 0;
  let from = { x: 0, y: 0 };
  let at = { x: 0, y: 0 };
  let grip = { x: 0, y: 0 };

  const laneAt = () => document.elementFromPoint(at.x, at.y)?.closest<HTMLElement>('[data-stage]') ?? null;

  function show() {
    if (!ghost) return;
    ghost.style.transform = `translate(${at.x - grip.x}px, ${at.y - grip.y}px)`;
    const lane = laneAt();
    if (lane === over) return;
    over?.removeAttribute('data-over');
    over = lane && !lane.contains(element) ? lane : null;
    over?.setAttribute('data-over', 'true');
  }

  function turn() {
    const { left, right } = board.getBoundingClientRect();
    const near = at.x > right - edge ? at.x - (right - edge) : at.x < left + edge ? at.x - (left + edge) : 0;
    if (near) {
      board.scrollLeft += Math.max(-pace, Math.min(pace, near / 3));
      show();
    }
    turning = requestAnimationFrame(turn);
  }

  function take() {
    const box = element.getBoundingClientRect();
    grip = { x: at.x - box.left, y: at.y - box.top };
    ghost = element.cloneNode(true) as HTMLElement;
    ghost.setAttribute('aria-hidden', 'true');
    Object.assign(ghost.style, {
      position: 'fixed',
      inset: '0 auto auto 0',
      width: `${box.width}px`,
      pointerEvents: 'none',
      zIndex: '400',
      boxShadow: '0 8px 24px rgb(0 0 0 / 0.25)',
    });
    document.body.append(ghost);
    board.dataset.dragging = 'true';
    navigator.vibrate?.(12);
    onHeld(true);
    show();
    turning = requestAnimationFrame(turn);
  }

  function leave() {
    clearTimeout(waiting);
    waiting = undefined;
    if (!ghost) return;
    cancelAnimationFrame(turning);
    ghost.remove();
    ghost = null;
    over?.removeAttribute('data-over');
    over = null;
    delete board.dataset.dragging;
    onHeld(false);
  }

  function onStart(event: TouchEvent) {
    leave();
    const finger = event.touches[0];
    if (event.touches.length !== 1 || !finger || (event.target as HTMLElement).closest('button')) return;
    from = { x: finger.clientX, y: finger.clientY };
    at = from;
    waiting = setTimeout(take, hold);
  }

  function onMove(event: TouchEvent) {
    const finger = event.touches[0];
    if (!finger) return;
    at = { x: finger.clientX, y: finger.clientY };
    if (ghost) {
      event.preventDefault();
      show();
    } else if (Math.hypot(at.x - from.x, at.y - from.y) > tremble) leave();
  }

  function onEnd(event: TouchEvent) {
    const stage = ghost && over ? over.dataset.stage : undefined;
    // The tap that a browser makes of it would open the card.
    if (ghost) event.preventDefault();
    leave();
    if (stage) onDrop(stage);
  }

  // What the browser itself would begin on a long press.
  const onOwn = (event: Event) => {
    if (ghost || waiting) event.preventDefault();
  };

  element.addEventListener('touchstart', onStart, { passive: true });
  element.addEventListener('touchmove', onMove, { passive: false });
  element.addEventListener('touchend', onEnd, { passive: false });
  element.addEventListener('touchcancel', leave);
  element.addEventListener('contextmenu', onOwn);
  element.addEventListener('dragstart', onOwn, { capture: true });
  return () => {
    leave();
    element.removeEventListener('touchstart', onStart);
    element.removeEventListener('touchmove', onMove);
    element.removeEventListener('touchend', onEnd);
    element.removeEventListener('touchcancel', leave);
    element.removeEventListener('contextmenu', onOwn);
    element.removeEventListener('dragstart', onOwn, { capture: true });
  };
}
