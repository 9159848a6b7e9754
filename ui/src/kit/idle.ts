/** Runs something once the browser has nothing better to do, or after a while at the latest; what is returned forgets it. */
export function whenIdle(run: () => void, atLatest = 3000): () => void {
  if ('requestIdleCallback' in window) {
    const waits = requestIdleCallback(run, { timeout: atLatest });
    return () => cancelIdleCallback(waits);
  }
  const waits = setTimeout(run, 300); // Safari
  return () => clearTimeout(waits);
}
