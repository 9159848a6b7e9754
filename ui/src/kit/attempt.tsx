import { Alert } from '@mantine/core';
import { useCallback, useRef, useState } from 'react';
import { useSentence } from './failure';

/**
 * What a dialog does on the server before it closes: whether it is under way,
 * and how it failed. The dialog stays open with its failure, and another try
 * takes that away. Two presses, as of Enter, do it once. What is done may end
 * the dialog itself, as its last step.
 */
export function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const going = useRef(false);

  const attempt = useCallback(async (what: () => Promise<void>) => {
    if (going.current) return;
    going.current = true;
    setBusy(true);
    setFailure(null);
    try {
      await what();
    } catch (problem) {
      setFailure(problem);
    } finally {
      going.current = false;
      setBusy(false);
    }
  }, []);

  return { busy, failure, setFailure, attempt };
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
