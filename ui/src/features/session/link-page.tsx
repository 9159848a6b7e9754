import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, PasswordInput, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { halfwayOf, redeem } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { Door } from './door';
import { LanguageChoice } from './language-choice';
import { Strength } from './strength';

/** Setting a password by a one-time link: the first day, or after one was forgotten. */
export function LinkPage() {
  const { t } = useLingui();
  const sentence = useSentence();
  const client = useQueryClient();
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function begin() {
    setBusy(true);
    setFailure(null);
    try {
      await redeem(token, password);
      client.clear();
      location.assign('/');
    } catch (problem) {
      if (halfwayOf(problem)) {
        location.assign('/second-step');
        return;
      }
      setFailure(problem);
      setBusy(false);
    }
  }

  return (
    <Door
      title={t`Choose your password`}
      lead={<Trans>With it and your e-mail you sign in from now on.</Trans>}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void begin();
        }}
      >
        <Stack gap="sm">
          {failure !== null && (
            <Alert color="red" variant="light" role="alert">
              {sentence(failure)}
            </Alert>
          )}
          <div>
            <PasswordInput
              label={t`Password`}
              description={t`At least 12 characters. Four words in a row are good and easy to keep in mind.`}
              required
              withAsterisk={false}
              minLength={12}
              size="md"
              autoFocus
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Strength password={password} />
          </div>
          <Button type="submit" size="md" loading={busy} disabled={!token || password.length < 12}>
            <Trans>Begin</Trans>
          </Button>
        </Stack>
      </form>
      <LanguageChoice />
    </Door>
  );
}
