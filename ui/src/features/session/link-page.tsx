import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Anchor, Button, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Awaited, halfwayOf, look, redeem } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { NewPassword, useShortest } from '../../kit/new-password';
import { zones } from '../../kit/zones';
import { Door } from './door';
import { LanguageChoice } from './language-choice';

/** Setting a password by a one-time link: the first day, or after one was forgotten. */
export function LinkPage() {
  const { t } = useLingui();
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const { data, error } = useQuery({
    queryKey: ['link', token],
    queryFn: () => look(token),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) {
    return (
      <Door
        title={t`This link does not work`}
        lead={
          <Trans>
            It was used already, it is too old, or another one was made after it. Ask for a new one.
          </Trans>
        }
      >
        <Anchor href="/sign-in" size="sm">
          <Trans>To the sign-in page</Trans>
        </Anchor>
        <LanguageChoice />
      </Door>
    );
  }
  return (
    <Door
      title={data?.purpose === 'invite' ? t`Welcome` : t`Choose your password`}
      lead={<Trans>With it and your e-mail you sign in from now on.</Trans>}
    >
      {data ? <Begin token={token} awaited={data} /> : <div style={{ minHeight: 300 }} />}
      <LanguageChoice />
    </Door>
  );
}

function Begin({ token, awaited }: { token: string; awaited: Awaited }) {
  const { t, i18n } = useLingui();
  const sentence = useSentence();
  const client = useQueryClient();
  const shortest = useShortest();
  const invited = awaited.purpose === 'invite';
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [name, setName] = useState(awaited.name);
  const [zone, setZone] = useState(zones().includes(here) ? here : awaited.time_zone);
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function begin() {
    setBusy(true);
    setFailure(null);
    try {
      const me = await redeem(
        token,
        password,
        invited ? { name, language: i18n.locale, time_zone: zone } : {},
      );
      client.clear();
      location.assign(me.unprotected ? '/protect' : '/');
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
        <Text size="sm">{awaited.email}</Text>
        {/* So that password managers know whose password it is. */}
        <input type="email" autoComplete="username" value={awaited.email} readOnly hidden />
        {invited && (
          <>
            <TextInput
              label={t`Your name`}
              description={t`As your colleagues will see it.`}
              size="md"
              required
              withAsterisk={false}
              autoComplete="name"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select
              label={t`Time zone`}
              size="md"
              searchable
              allowDeselect={false}
              data={zones()}
              value={zone}
              onChange={(next) => next && setZone(next)}
            />
          </>
        )}
        <NewPassword
          label={t`Password`}
          token={token}
          focus={!invited}
          value={password}
          onChange={setPassword}
        />
        <Button type="submit" size="md" loading={busy} disabled={[...password].length < shortest || !name}>
          <Trans>Begin</Trans>
        </Button>
      </Stack>
    </form>
  );
}
