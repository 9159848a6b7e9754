import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Modal, Radio, Select, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { groups } from '../../api/people';
import { holds, useMe } from '../../api/session';
import type { View, ViewDraft } from '../../api/views';
import { Refusal, useAttempt } from '../../kit/attempt';
import { useFormDraft } from '../../kit/form-draft';
import { Left } from '../../kit/left';

type Said = Pick<ViewDraft, 'name' | 'audience' | 'group'> & { name: string };

interface Draft {
  name: string;
  audience: string;
  group: string | null;
}

/** What a view is called, and who sees it. */
export function ViewDialog({
  plural,
  view,
  onClose,
  onSave,
}: {
  plural: string;
  view: View | null;
  onClose: () => void;
  onSave: (said: Said) => Promise<void>;
}) {
  const { t } = useLingui();
  const me = useMe();
  const mayShare = holds(me, 'views.share');
  const { data: all = [] } = useQuery({ ...groups, retry: false, enabled: mayShare });
  const { draft, left, set, forget, clear } = useFormDraft<Draft>(
    ['castellan.draft.view', ...(view ? [view.id, view.version] : [plural])].join('.'),
    (before) => ({
      name: view?.name ?? '',
      audience: view?.audience ?? 'private',
      group: view?.group?.id ?? null,
      ...before,
    }),
  );
  const { name, audience, group } = draft;
  const { busy, failure, attempt } = useAttempt();

  const go = () =>
    attempt(async () => {
      await onSave({
        name,
        audience: audience as NonNullable<ViewDraft['audience']>,
        ...(audience === 'group' && group ? { group } : {}),
      });
      forget();
    });

  return (
    <Modal
      opened
      onClose={onClose}
      size="sm"
      title={view ? t`Name and who sees it` : t`Save as a view`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <Stack gap="sm">
          <Left left={!!view && left} onDrop={() => clear()} />
          <Refusal failure={failure} />
          <TextInput
            label={t`Name`}
            size="sm"
            data-autofocus
            maxLength={80}
            placeholder={t`My clients without a deal`}
            value={name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          {mayShare && (
            <Radio.Group
              label={t`Who sees the view`}
              size="sm"
              value={audience}
              onChange={(next) => set({ audience: next })}
            >
              <Stack gap={8} mt={6}>
                <Radio size="sm" value="private" label={t`Only me`} disabled={!!view && !view.mine} />
                <Radio size="sm" value="everyone" label={t`Everyone`} />
                {all.length > 0 && <Radio size="sm" value="group" label={t`A group`} />}
              </Stack>
            </Radio.Group>
          )}
          {mayShare && audience === 'group' && (
            <Select
              size="sm"
              searchable
              label={t`Group`}
              data={all.map((each) => ({ value: each.id, label: each.name }))}
              value={group}
              onChange={(next) => set({ group: next })}
            />
          )}
          {audience !== 'private' && (
            <div style={{ fontSize: '0.75rem', color: 'var(--c-quiet)' }}>
              <Trans>A view gives nobody a right: each reader sees in it what they may see anyway.</Trans>
            </div>
          )}
          <Button
            type="submit"
            size="sm"
            loading={busy}
            disabled={!name.trim() || (audience === 'group' && !group)}
          >
            <Trans>Save</Trans>
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
