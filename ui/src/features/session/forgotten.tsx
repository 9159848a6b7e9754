import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { entrance, forgotten } from '../../api/session';
import { useSentence } from '../../kit/failure';

/** The way in for whoever has forgotten their password. It tells nobody who has an account. */
export function Forgotten({ email: typed, onBack }: { email: string; onBack: () => void }) {
  const { t } = useLingui();
  const sentence = useSentence();
  const { data } = useQuery(entrance);
  const [email, setEmail] = useState(typed);
  const [sent, setSent] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function ask() {
    setBusy(true);
    setFailure(null);
    try {
      await forgotten(email.trim());
      setSent(true);
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

  const back = (
    <Anchor component="button" type="button" size="sm" onClick={onBack}>
      <Trans>Back to signing in</Trans>
    </Anchor>
  );
  if (data && !data.mail) {
    return (
      <Stack gap="sm">
        <Text size="sm">
          <Trans>Ask your administrator: they can make you a link by which you set a new password.</Trans>
        </Text>
        {back}
      </Stack>
    );
  }
  if (sent) {
    return (
      <Stack gap="sm">
        <Alert color="teal" variant="light" role="status">
          <Trans>
            If there is an account with this address, a mail with a link is on its way. The link holds for an
            hour.
          </Trans>
        </Alert>
        {back}
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
    >
      <Stack gap="sm">
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {sentence(failure)}
          </Alert>
        )}
        <TextInput
          label={t`E-mail`}
          type="email"
          inputMode="email"
          autoComplete="username"
          required
          withAsterisk={false}
          size="md"
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Button type="submit" size="md" loading={busy}>
          <Trans>Send me a link</Trans>
        </Button>
        {back}
      </Stack>
    </form>
  );
}
