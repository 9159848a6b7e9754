import { useLingui } from '@lingui/react/macro';
import { Alert, Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Problem } from '../api/http';
import { useAbilityWords } from './abilities';
import { useFaultWords } from './fault-words';

/** A failure in one sentence: the server's own where it has one. */
export function useSentence() {
  const { t } = useLingui();
  const words = useFaultWords();
  const abilities = useAbilityWords();
  return (failure: unknown): string => {
    if (failure instanceof Problem) {
      if (failure.status === 429 && !words[failure.code]) {
        return failure.retryAfter
          ? t`Too many at once. Try again in ${failure.retryAfter} seconds.`
          : t`Too many at once. Try again in a moment.`;
      }
      const known = words[failure.code] ?? words[failure.parts[0]?.code ?? ''];
      if (known) return known;
      const [, lacked] = failure.code.split('ability.');
      const ability = abilities[lacked ?? ''];
      if (ability) return t`Your role does not give this: ${ability}`;
      if (failure.code.startsWith('rights.') && words['ability.missing']) return words['ability.missing'];
      if (failure.message && failure.status < 500) return failure.message;
      if (failure.request)
        return t`Something went wrong on the server. For the operator: request ${failure.request}.`;
      return t`Something went wrong on the server.`;
    }
    return t`The server cannot be reached. What you typed is kept; try again in a moment.`;
  };
}

/** A function that tells of a failure in a corner of the page. */
export function useTell() {
  const sentence = useSentence();
  const { t } = useLingui();
  return (failure: unknown) => {
    notifications.show({
      color: 'red',
      message: sentence(failure),
      autoClose: 8000,
      closeButtonProps: { 'aria-label': t`Close` },
    });
  };
}

/** A failure where the content would be, with another try. */
export function Failure({ failure, retry }: { failure: unknown; retry?: () => void }) {
  const { t } = useLingui();
  const sentence = useSentence();
  return (
    <Alert color="red" variant="light" m="md" role="alert">
      {sentence(failure)}
      {retry && (
        <Button variant="default" mt="xs" onClick={retry} display="block">
          {t`Try again`}
        </Button>
      )}
    </Alert>
  );
}
