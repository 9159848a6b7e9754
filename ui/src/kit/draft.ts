import { useEffect, useRef, useState } from 'react';
import { create, type Values } from '../api/records';
import { useTell } from './failure';
import { useOnce } from './once';

const read = (place: string) => sessionStorage.getItem(place) ?? '';

function keep(place: string, text: string) {
  if (text) sessionStorage.setItem(place, text);
  else sessionStorage.removeItem(place);
}

/**
 * What somebody types in a place until it is sent. It survives leaving the page
 * and a failure, in this tab and until somebody signs out: it holds a client's
 * data. Another place has a text of its own, also where the part of the page
 * stays.
 */
export function useDraft(place: string) {
  const tell = useTell();
  const [shown, setShown] = useState(place);
  const [typed, setTyped] = useState(() => read(place));
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const keys = useOnce(place);
  const here = useRef({ place, typed });
  useEffect(() => {
    here.current = { place, typed };
  });
  if (shown !== place) {
    setShown(place);
    setTyped(read(place));
  }

  function type(next: string) {
    setTyped(next);
    keep(place, next);
  }

  /**
   * Makes a record of what is typed, and says whether it was made; a failure is
   * told in the corner. What was typed meanwhile, or in another place, stays.
   */
  async function send(plural: string, values: (text: string) => Values): Promise<boolean> {
    const text = typed.trim();
    if (!text || sending.current) return false;
    const body = values(text);
    sending.current = true;
    setBusy(true);
    try {
      await create(plural, body, keys.of([plural, body]));
      keys.forget();
      if (read(place) === typed) keep(place, '');
      if (here.current.place === place && here.current.typed === typed) setTyped('');
      return true;
    } catch (failure) {
      tell(failure);
      return false;
    } finally {
      sending.current = false;
      setBusy(false);
    }
  }

  return { typed, type, send, busy };
}
