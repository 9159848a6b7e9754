import { Alert } from '@mantine/core';
import { useCallback, useRef, useState } from 'react';
import { useSentence } from './failure';
import { useOnce } from './once';

/** Gives the key under which a request of the attempt is made once. */
export type Once = (request: unknown) => string;

/**
 * What a dialog does on the server before it closes: whether it is under way,
 * and how it failed. The dialog stays open with its failure, and another try
 * takes that away. Two presses, as of Enter, do it once. What is done may end
 * the dialog itself, as its last step.
 *
 * What is done is given the keys of its requests: tried again unchanged after
 * an answer that did not come, a request keeps its key and is done once; a
 * changed one has another. With the place of the dialog's draft that holds
 * also when it was closed in between.
 */
export function useAttempt(place: string | null = null) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const going = useRef(false);
  const keys = useOnce(place);

  const attempt = useCallback(
    async (what: (once: Once) => Promise<void>) => {
      if (going.current) return;
      going.current = true;
      setBusy(true);
      setFailure(null);
      let keyed = false;
      try {
        await what((request) => {
          keyed = true;
          return keys.of(request);
        });
        // Whatever else was done, as a look before, says nothing of a request that was not answered.
        if (keyed) keys.forget();
      } catch (problem) {
        setFailure(problem);
      } finally {
        going.current = false;
        setBusy(false);
      }
    },
    [keys],
  );

  /** The form is emptied: how it failed is gone, and what is typed next is another thing. */
  const clear = useCallback(() => {
    setFailure(null);
    keys.forget();
  }, [keys]);

  return { busy, failure, setFailure, clear, attempt };
}

/** How an attempt failed, in the dialog; nothing while it did not. */
export function Refusal({ failure }: { failure: unknown }) {
  const sentence = useSentence();
  if (failure === null) return null;
  return (
    <Alert color="red" variant="light">
      {sentence(failure)}
    </Alert>
  );
}
