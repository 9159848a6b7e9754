import { Trans, useLingui } from '@lingui/react/macro';
import { Modal, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { stepUp, stepUpByPasskey } from '../api/factors';
import { proveWith } from '../api/http';
import { ProofForm } from '../kit/proof';

interface Question {
  ways: string[];
  answer: (proved: boolean) => void;
}

/**
 * Asks once more who is there when the server wants to know. No page knows of
 * it: what was asked for is simply done afterwards, or not.
 */
export default function Prover() {
  const { t } = useLingui();
  const [question, setQuestion] = useState<Question | null>(null);

  useEffect(() => {
    proveWith((ways) => new Promise<boolean>((answer) => setQuestion({ ways, answer })));
    return () => proveWith(null);
  }, []);

  function end(proved: boolean) {
    question?.answer(proved);
    setQuestion(null);
  }

  return (
    <Modal
      closeButtonProps={{ 'aria-label': t`Close` }}
      opened={question !== null}
      onClose={() => end(false)}
      title={t`Is it you?`}
      zIndex={400}
    >
      {question && (
        <>
          <Text size="sm" mb="sm">
            <Trans>What you are about to do reaches far. Prove once more that it is you.</Trans>
          </Text>
          <ProofForm
            ways={question.ways}
            prove={stepUp}
            byPasskey={stepUpByPasskey}
            onProved={() => end(true)}
            onBack={() => end(false)}
            back={t`Cancel`}
          />
        </>
      )}
    </Modal>
  );
}
