import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, Modal, Select, Stack } from '@mantine/core';
import type { Field, Kind } from '../../api/kinds';
import type { Record_, Values } from '../../api/records';
import { useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { FieldInput, sendable } from '../../kit/field-input';
import { useFormDraft } from '../../kit/form-draft';
import { fieldLabel } from '../../kit/words';
import { inCurrency } from './currency';

interface Props {
  kind: Kind;
  record: Record_;
  fields: Field[];
  /** For which something may be lost; with any, one of them is chosen. */
  reasons: string[];
  stage: string;
  onClose: () => void;
  onSave: (values: Values) => Promise<void>;
}

/** What a stage asks for before something enters it. */
export function AskFirst({ kind, record, fields, reasons, stage, onClose, onSave }: Props) {
  const { t } = useLingui();
  const me = useMe();
  const { draft, set, forget } = useFormDraft<Values>(
    `castellan.draft.stage.${record.id}.${record.version}`,
    (left) => left,
  );
  const { busy, failure, attempt } = useAttempt();

  const save = () =>
    attempt(async () => {
      const values = Object.fromEntries(
        fields
          .filter((field) => draft[field.name] !== undefined)
          .map((field) => [field.name, sendable(field, draft[field.name])]),
      );
      await onSave(inCurrency(kind, record, values, me.workspace.currency));
      forget();
    });

  return (
    <Modal
      closeButtonProps={{ 'aria-label': t`Close` }}
      opened
      onClose={onClose}
      title={t`Before it goes to “${stage}”`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          {fields.map((field, index) =>
            field.name === 'lost_reason' && reasons.length > 0 ? (
              <Select
                key={field.name}
                size="sm"
                label={fieldLabel(field)}
                data={reasons}
                value={(draft[field.name] as string | undefined) ?? null}
                onChange={(value) => set({ [field.name]: value })}
                data-autofocus={index === 0 || undefined}
              />
            ) : (
              <FieldInput
                key={field.name}
                field={field}
                value={draft[field.name] ?? record[field.name]}
                onChange={(value) => set({ [field.name]: value })}
                autoFocus={index === 0}
                pipeline={String(record[kind.pipeline ?? ''] ?? '')}
              />
            ),
          )}
          <Group justify="flex-end">
            <Button variant="default" size="sm" onClick={onClose}>
              <Trans>Leave it where it was</Trans>
            </Button>
            <Button type="submit" size="sm" loading={busy}>
              <Trans>Save and move</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
