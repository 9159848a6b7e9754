import { useMemo, useRef } from 'react';
import { keep, kept } from './tab';

type Keys = Record<string, string>;

/**
 * Keys under which requests are made once. The same request has the same key,
 * so that it is not done again after an answer that did not come; what was
 * changed meanwhile is another request, and has another. With a place they
 * outlive the dialog and the page, as what was typed there does.
 */
export function useOnce(place: string | null) {
  const memory = useRef(new Map<string | null, Keys>());
  return useMemo(() => {
    const at = place === null ? null : `${place}.once`;
    const keys = (): Keys => {
      const known = memory.current.get(at) ?? (at === null ? {} : { ...(kept(at) as Keys) });
      memory.current.set(at, known);
      return known;
    };
    return {
      of(request: unknown): string {
        const what = JSON.stringify(request);
        const known = keys();
        const key = known[what] ?? crypto.randomUUID();
        known[what] = key;
        if (at !== null) keep(at, known);
        return key;
      },
      /** What was asked for is done: the same again is meant to be another. */
      forget() {
        memory.current.delete(at);
        if (at !== null) keep(at, {});
      },
    };
  }, [place]);
}
