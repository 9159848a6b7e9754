import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { reveal } from '../../api/records';
import { useTell } from '../../kit/failure';

interface Reveals {
  /** The value that a click has opened; undefined while it is closed. */
  shown: (id: string, field: string) => unknown;
  open: (plural: string, id: string, field: string) => Promise<void>;
  close: (id: string, field: string) => void;
}

const Context = createContext<Reveals>({
  shown: () => undefined,
  open: async () => {},
  close: () => {},
});

/** Keeps opened values while the list and its card are on the screen, and no longer. */
export function RevealsProvider({ children }: { children: ReactNode }) {
  const [values, setValues] = useState<ReadonlyMap<string, unknown>>(new Map());
  const tell = useTell();

  const open = useCallback(
    async (plural: string, id: string, field: string) => {
      try {
        const answer = await reveal(plural, id, [field]);
        setValues((now) => new Map(now).set(`${id} ${field}`, answer.fields[field] ?? null));
      } catch (failure) {
        tell(failure);
      }
    },
    [tell],
  );
  const close = useCallback((id: string, field: string) => {
    setValues((now) => {
      const next = new Map(now);
      next.delete(`${id} ${field}`);
      return next;
    });
  }, []);
  const reveals = useMemo(
    () => ({ shown: (id: string, field: string) => values.get(`${id} ${field}`), open, close }),
    [values, open, close],
  );
  return <Context.Provider value={reveals}>{children}</Context.Provider>;
}

export const useReveals = () => useContext(Context);
