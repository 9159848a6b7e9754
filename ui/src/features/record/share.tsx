import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Modal, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Kind } from '../../api/kinds';
import { groups, names } from '../../api/people';
import { type Record_, share } from '../../api/records';
import { useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { DateField } from '../../kit/field-date';
import { useFormDraft } from '../../kit/form-draft';
import { useCache } from './cache';

interface Draft {
  whom: string | null;
  level: 'view' | 'edit';
  until: string;
}

/** Shares one record with a person or a group, for good or until a day. */
export function ShareDialog({ kind, record, onClose }: { kind: Kind; record: Record_; onClose: () => void }) {
  const { t } = useLingui();
  const me = useMe();
  const cache = useCache(kind.plural);
  const { data: people = [] } = useQuery(names);
  const { data: all = [] } = useQuery({ ...groups, retry: false });
  const { draft, set, forget } = useFormDraft<Draft>(`castellan.draft.share.${record.id}`, (left) => ({
    whom: null,
    level: 'view',
    until: '',
    ...left,
  }));
  const { whom, level, until } = draft;
  const { busy, failure, attempt } = useAttempt();

  async function go() {
    if (!whom) return;
    await attempt(async () => {
      await share(kind.plural, record.id, {
        ...(whom.startsWith('group_') ? { group: whom } : { person: whom }),
        level,
        // To the end of that day, here.
        ...(until && !whom.startsWith('group_')
          ? { ends_at: new Date(`${until}T23:59:59`).toISOString() }
          : {}),
      });
      forget();
      await Promise.all([cache.forget('shares', record.id), cache.forget('access', record.id)]);
      onClose();
    });
  }

  return (
    <Modal opened onClose={onClose} title={t`Share`} size="sm" closeButtonProps={{ 'aria-label': t`Close` }}>
      <Stack gap="sm">
        <Refusal failure={failure} />
        <Select
          label={t`With whom`}
          size="sm"
          searchable
          data-autofocus={whom === null || undefined}
          openOnFocus={false}
          data={[
            {
              group: t`People`,
              items: people
                .filter((each) => each.id !== me.person.id)
                .map((each) => ({ value: each.id, label: each.name })),
            },
            { group: t`Groups`, items: all.map((each) => ({ value: each.id, label: each.name })) },
          ].filter((part) => part.items.length > 0)}
          value={whom}
          onChange={(next) => set({ whom: next })}
        />
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t`What they may do`}
          value={level}
          onChange={(next) => set({ level: next as 'view' })}
          data={[
            { value: 'view', label: t`see it` },
            { value: 'edit', label: t`see and change it` },
          ]}
        />
        <DateField
          disabled={whom?.startsWith('group_') ?? false}
          label={t`Until`}
          description={t`Empty: until you end it.`}
          size="sm"
          value={until}
          onChange={(next) => set({ until: next })}
        />
        <Text size="xs" c="dimmed">
          <Trans>What stays closed to them by their role stays closed here too.</Trans>
        </Text>
        <Button size="sm" onClick={go} loading={busy} disabled={!whom}>
          <Trans>Share</Trans>
        </Button>
      </Stack>
    </Modal>
  );
}
