import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Problem } from '../../api/http';
import { setUp } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { NewPassword } from '../../kit/new-password';
import { guess, isLanguage, languages, speak } from '../../text';
import { regions } from '../../text/regions';
import { Door } from './door';
import { LanguageChoice } from './language-choice';

/** The first minutes: the workspace gets its owner. The token comes with the link that the program printed. */
export function SetupPage() {
  const { t, i18n } = useLingui();
  const sentence = useSentence();
  const client = useQueryClient();
  // Behind the #, so that it is in no server's log; read once.
  const [token, setToken] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [draft, setDraft] = useState({
    workspace: '',
    name: '',
    email: '',
    password: '',
    language: guess(),
    region: new Intl.Locale(navigator.language).maximize().region ?? 'DE',
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const set = (next: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...next }));
  const countries = useMemo(() => regions(i18n.locale), [i18n.locale]);

  const wrong = (field: string) => {
    if (!(failure instanceof Problem)) return undefined;
    const part = failure.parts.find((each) => each.field === field);
    return part?.detail ?? (failure.field === field ? failure.message : undefined);
  };

  async function begin() {
    setBusy(true);
    setFailure(null);
    try {
      await setUp({ ...draft, token });
      client.clear();
      location.assign('/protect');
    } catch (problem) {
      setFailure(problem);
      setBusy(false);
    }
  }

  return (
    <Door
      title={t`Set up your workspace`}
      lead={<Trans>Two minutes. You become its owner; everyone else is invited later.</Trans>}
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
          {!location.hash && (
            <TextInput
              label={t`Set-up code`}
              description={t`The program printed a link when it started. The code is its last part.`}
              required
              size="sm"
              autoComplete="off"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value.trim().replace(/^.*#/, ''))}
              error={wrong('token')}
            />
          )}
          <TextInput
            label={t`Name of the company`}
            required
            withAsterisk={false}
            autoFocus
            size="sm"
            autoComplete="organization"
            value={draft.workspace}
            onChange={(event) => set({ workspace: event.currentTarget.value })}
            error={wrong('workspace')}
          />
          <TextInput
            label={t`Your name`}
            required
            withAsterisk={false}
            size="sm"
            autoComplete="name"
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            error={wrong('name')}
          />
          <TextInput
            label={t`Your e-mail`}
            description={t`You sign in with it.`}
            type="email"
            inputMode="email"
            required
            withAsterisk={false}
            size="sm"
            autoComplete="username"
            value={draft.email}
            onChange={(event) => set({ email: event.currentTarget.value })}
            error={wrong('email')}
          />
          <NewPassword
            label={t`Password`}
            size="sm"
            value={draft.password}
            onChange={(password) => set({ password })}
            error={wrong('password')}
          />
          <Group grow gap="sm" align="flex-start">
            <Select
              label={t`Language`}
              size="sm"
              allowDeselect={false}
              data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
              value={draft.language}
              onChange={(language) => {
                if (!language || !isLanguage(language)) return;
                set({ language });
                void speak(language);
              }}
            />
            <Select
              label={t`Country`}
              size="sm"
              searchable
              allowDeselect={false}
              data={countries}
              value={draft.region}
              onChange={(region) => region && set({ region })}
              error={wrong('region')}
            />
          </Group>
          <Text size="xs" c="dimmed">
            <Trans>The country says how phone numbers without a country code are read.</Trans>
          </Text>
          <Button type="submit" size="md" loading={busy} disabled={!token}>
            <Trans>Begin</Trans>
          </Button>
        </Stack>
      </form>
      <LanguageChoice onChoose={(language) => set({ language })} />
    </Door>
  );
}
