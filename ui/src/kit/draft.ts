import { useEffect, useRef, useState } from 'react';
import { create, type Values } from '../api/records';
import { useTell } from './failure';

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
  // The same thing sent again is made once; another thing is not taken for it.
  const last = useRef({ what: '', once: '' });
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
    const what = JSON.stringify([place, plural, body]);
    if (last.current.what !== what) last.current = { what, once: crypto.randomUUID() };
    sending.current = true;
    setBusy(true);
    try {
      await create(plural, body, last.current.once);
      last.current = { what: '', once: '' };
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
