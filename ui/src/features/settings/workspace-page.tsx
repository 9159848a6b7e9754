import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { holds, session, useMe } from '../../api/session';
import { changeSettings, type Settings, settings } from '../../api/workspace';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useChanges } from '../../kit/unsaved';
import { roleName } from '../../kit/words';
import { isLanguage, languages } from '../../text';
import { regions } from '../../text/regions';

/** What holds for the whole workspace. */
export function WorkspacePage() {
  const { t, i18n } = useLingui();
  const me = useMe();
  const may = holds(me, 'settings.manage') && !me.view_as;
  const { data, error, refetch } = useQuery({ ...settings, enabled: may });
  if (!may) {
    return (
      <Column>
        <Panel title={me.workspace.name}>
          <Stack gap={4}>
            <Text size="sm">
              <Trans>Your role: {roleName(me.person.role)}</Trans>
            </Text>
            <Text size="sm" c="dimmed">
              <Trans>Time zone: {me.workspace.time_zone}</Trans>
            </Text>
            <Text size="sm" c="dimmed">
              {new Intl.DisplayNames([i18n.locale], { type: 'region' }).of(me.workspace.region || 'DE')}
            </Text>
          </Stack>
        </Panel>
      </Column>
    );
  }
  return (
    <Column>
      <Panel title={t`Workspace`}>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={180} />
        ) : (
          <Form saved={data} />
        )}
      </Panel>
    </Column>
  );
}

function Form({ saved }: { saved: Settings }) {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { draft, changed, set: setDraft, settled } = useChanges(saved);
  const [busy, setBusy] = useState(false);

  async function save() {
    setBusy(true);
    try {
      const { proof_minutes, ...rest } = draft;
      const next = await changeSettings({
        ...rest,
        language: isLanguage(draft.language) ? draft.language : 'en',
        // Sent only when it is meant: changing it takes a fresh proof.
        ...(proof_minutes === saved.proof_minutes ? {} : { proof_minutes }),
      });
      settled(draft);
      client.setQueryData(['settings'], next);
      await client.invalidateQueries({ queryKey: session.queryKey });
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Stack gap="sm" maw={440}>
      <TextInput
        size="sm"
        label={t`Name of the company`}
        value={draft.workspace}
        onChange={(event) => setDraft({ ...draft, workspace: event.currentTarget.value })}
      />
      <Select
        size="sm"
        searchable
        allowDeselect={false}
        label={t`Country`}
        description={t`Phone numbers without a country code are read as of this country.`}
        data={regions(i18n.locale)}
        value={draft.region}
        onChange={(region) => region && setDraft({ ...draft, region })}
      />
      <Select
        size="sm"
        allowDeselect={false}
        label={t`Language of the workspace`}
        description={t`For letters and new people. Each person chooses their own.`}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        value={draft.language}
        onChange={(language) => language && setDraft({ ...draft, language })}
      />
      <Select
        size="sm"
        searchable
        allowDeselect={false}
        label={t`Time zone`}
        data={[...new Set([draft.time_zone, ...Intl.supportedValuesOf('timeZone')])]}
        value={draft.time_zone}
        onChange={(zone) => zone && setDraft({ ...draft, time_zone: zone })}
      />
      <Select
        size="sm"
        allowDeselect={false}
        label={t`How long a proof counts`}
        description={t`Changes of rights, new keys and deleting many ask once more who is there when the last proof is older.`}
        data={[...new Set([5, 15, 30, 60, 240, draft.proof_minutes])]
          .sort((a, b) => a - b)
          .map((n) => ({ value: String(n), label: t`${n} min` }))}
        value={String(draft.proof_minutes)}
        onChange={(n) => n && setDraft({ ...draft, proof_minutes: Number(n) })}
      />
      <Group justify="flex-end">
        <Button size="sm" disabled={!changed} loading={busy} onClick={save}>
          <Trans>Save</Trans>
        </Button>
      </Group>
    </Stack>
  );
}
