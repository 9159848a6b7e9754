import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Anchor, Button, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem } from '../../api/http';
import { confirmEmail } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { Door } from './door';
import { LanguageChoice } from './language-choice';

/** Confirming a new mail address. A click of a person is needed: programs follow links in mails, too. */
export function EmailPage() {
  const { t } = useLingui();
  const sentence = useSentence();
  const client = useQueryClient();
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [state, setState] = useState<'asked' | 'busy' | 'done'>('asked');
  const [failure, setFailure] = useState<unknown>(null);

  async function confirm() {
    setState('busy');
    setFailure(null);
    try {
      await confirmEmail(token);
      client.clear();
      setState('done');
    } catch (problem) {
      setFailure(problem);
      setState('asked');
    }
  }

  return (
    <Door
      title={t`Your new address`}
      lead={
        state === 'done' ? (
          <Trans>It is yours now. From now on you sign in with it.</Trans>
        ) : (
          <Trans>Confirm that this mail address is yours.</Trans>
        )
      }
    >
      <Stack gap="sm">
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {failure instanceof Problem && failure.status === 401
              ? t`It was used already, it is too old, or another one was made after it. Ask for a new one.`
              : sentence(failure)}
          </Alert>
        )}
        {state === 'done' ? (
          <Anchor href="/">
            <Trans>To Castellan</Trans>
          </Anchor>
        ) : (
          <Button size="md" loading={state === 'busy'} disabled={!token} onClick={confirm}>
            <Trans>Confirm the address</Trans>
          </Button>
        )}
      </Stack>
      <LanguageChoice />
    </Door>
  );
}
