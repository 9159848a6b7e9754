import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { signInByPasskey, wasLeft } from '../../api/factors';
import { Problem } from '../../api/http';
import { halfwayKey, halfwayOf, type Session, signIn } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { Door } from './door';
import { Forgotten } from './forgotten';
import { LanguageChoice } from './language-choice';
import { ProviderButtons } from './provider-buttons';

const route = getRouteApi('/sign-in');

/** Signing in. A wrong address and a wrong password look the same. */
export function SignInPage() {
  const { t } = useLingui();
  const sentence = useSentence();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { to, refused } = route.useSearch();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>(() =>
    refused ? new Problem(403, { code: refused }) : null,
  );
  const [busy, setBusy] = useState(false);
  const [forgot, setForgot] = useState(false);

  async function enter(prove: () => Promise<Session>) {
    setBusy(true);
    setFailure(null);
    try {
      const me = await prove();
      client.clear();
      // A whole new page: nothing of a former person is left in memory. Only an
      // address of this page is followed.
      const wanted = to && /^\/(?!\/|\\)/.test(to) ? to : '/';
      location.assign(me.unprotected ? `/protect?to=${encodeURIComponent(wanted)}` : wanted);
    } catch (problem) {
      const halfway = halfwayOf(problem);
      if (halfway) {
        client.setQueryData(halfwayKey, halfway);
        await navigate({ to: '/second-step', search: to ? { to } : {} });
        return;
      }
      if (!wasLeft(problem)) setFailure(problem);
      setBusy(false);
    }
  }

  if (forgot) {
    return (
      <Door title={t`A new password`} lead={<Trans>It happens to everybody.</Trans>}>
        <Forgotten email={email} onBack={() => setForgot(false)} />
        <LanguageChoice />
      </Door>
    );
  }

  return (
    <Door title={t`Sign in`} lead={<Trans>Welcome back.</Trans>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter(() => signIn(email.trim(), password));
        }}
      >
        <Stack gap="sm">
          {failure !== null && (
            <Alert color="red" variant="light" role="alert">
              {failure instanceof Problem && failure.status === 401 && failure.code !== 'passkey.refused'
                ? t`The address or the password is not right.`
                : sentence(failure)}
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
          <PasswordInput
            label={t`Password`}
            autoComplete="current-password"
            required
            withAsterisk={false}
            size="md"
            visibilityToggleButtonProps={{ 'aria-label': t`Show or hide the password` }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" size="md" mt={6} loading={busy}>
            <Trans>Sign in</Trans>
          </Button>
          <Anchor component="button" type="button" size="sm" onClick={() => setForgot(true)}>
            <Trans>Forgotten your password?</Trans>
          </Anchor>
        </Stack>
      </form>
      {'PublicKeyCredential' in window && (
        <Button
          variant="default"
          size="md"
          fullWidth
          mt="sm"
          disabled={busy}
          leftSection={<IconFingerprint size={18} />}
          onClick={() => void enter(signInByPasskey)}
        >
          <Trans>Sign in with a passkey</Trans>
        </Button>
      )}
      <ProviderButtons to={to} fail={setFailure} />
      <LanguageChoice />
    </Door>
  );
}
