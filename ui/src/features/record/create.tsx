import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Drawer, Group, Stack, UnstyledButton } from '@mantine/core';
import { Suspense, useMemo, useState } from 'react';
import { Problem } from '../../api/http';
import type { Field, Kind } from '../../api/kinds';
import { create, type Record_, type Values } from '../../api/records';
import { useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { useSentence } from '../../kit/failure';
import { FieldInput, sendable } from '../../kit/field-input';
import { isEmpty } from '../../kit/field-value';
import { useFormDraft } from '../../kit/form-draft';
import { later, part } from '../../kit/later';
import { kindOne } from '../../kit/words';
import { useCache } from './cache';
import { inCurrency } from './currency';
import { demanded } from './demanded';

const TwinHint = part(later(() => import('./twins')));

interface Props {
  kind: Kind;
  opened: boolean;
  onClose: () => void;
  onCreated: (record: Record_) => void;
  /** What the new record begins with, as the client that a deal is for. */
  begin?: Values;
}

// Asked for at once; the rest unfolds.
const first: Record<string, string[]> = {
  contact: ['name', 'phones', 'emails', 'company', 'tags', 'responsible'],
  company: ['name', 'phones', 'emails', 'website', 'responsible'],
  deal: ['title', 'stage', 'amount', 'currency', 'contact', 'responsible'],
  invoice: ['title', 'seller', 'contact', 'company', 'buyer', 'due_on'],
  task: ['title', 'due', 'contact', 'deal', 'responsible'],
  call: ['contact', 'direction', 'outcome', 'title', 'began_at', 'note'],
  message: ['contact', 'channel', 'direction', 'body', 'at'],
  prospect: ['name', 'list', 'company_name', 'phones', 'emails', 'note'],
};

/** One for each record that something is begun for: a call noted for one client is not that of the next. */
function place(kind: Kind, begin: Values = {}) {
  const links = Object.values(begin).flatMap((value) =>
    value && typeof value === 'object' && 'id' in value ? [String(value.id)] : [],
  );
  return ['castellan.draft', kind.name, ...links].join('.');
}

/** A new record. What was typed survives until it is saved or cleared. */
export default function CreateDrawer({ kind, opened, onClose, onCreated, begin }: Props) {
  const { t } = useLingui();
  const cache = useCache(kind.plural);
  const me = useMe();
  const sentence = useSentence();
  const here = place(kind, begin);
  const {
    draft,
    set,
    clear: clearDraft,
  } = useFormDraft<Values>(here, (left) => ({
    ...begin,
    ...left,
  }));
  const [all, setAll] = useState(false);
  const { busy, failure, clear: clearAttempt, attempt } = useAttempt(here);

  const fields = useMemo(
    () =>
      kind.fields
        .filter((field) => !field.house && field.writable !== false)
        .map((field) => demanded(kind, field, draft)),
    [kind, draft],
  );
  const asked = first[kind.name] ?? fields.slice(0, 6).map((field) => field.name);
  const shown = fields.filter(
    (field) => all || asked.includes(field.name) || field.required || !isEmpty(draft[field.name]),
  );
  shown.sort((a, b) => rank(a) - rank(b));
  function rank(field: Field) {
    const index = asked.indexOf(field.name);
    return index < 0 ? 100 + fields.indexOf(field) : index;
  }

  const wrong = (field: Field) => {
    if (!(failure instanceof Problem)) return undefined;
    const part = failure.parts.find(
      (each) => each.field === field.name || each.field?.startsWith(`${field.name}.`),
    );
    if (part) return sentence(new Problem(failure.status, { ...part }));
    return failure.field === field.name ? sentence(failure) : undefined;
  };

  function clear() {
    clearDraft();
    clearAttempt();
  }

  const save = () =>
    attempt(async (once) => {
      const values = Object.fromEntries(
        fields
          .filter((field) => !isEmpty(draft[field.name]))
          .map((field) => [field.name, sendable(field, draft[field.name])]),
      );
      const whole = inCurrency(kind, {}, { ...begin, ...values }, me.workspace.currency);
      const record = await create(kind.plural, whole, once([kind.plural, whole]));
      clear();
      cache.place(record);
      void cache.refresh();
      onCreated(record);
    });

  const one = kindOne(kind);
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={480}
      title={t`New: ${one}`}
      closeButtonProps={{ 'aria-label': t`Close; what was typed is kept` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          {shown.map((field, index) => (
            <FieldInput
              key={field.name}
              field={field}
              value={draft[field.name]}
              onChange={(value) => set({ [field.name]: value })}
              error={wrong(field)}
              autoFocus={index === 0}
              pipeline={
                typeof draft[kind.pipeline ?? ''] === 'string'
                  ? String(draft[kind.pipeline ?? ''])
                  : undefined
              }
            />
          ))}
          {fields.some((field) => field.name === 'phones' || field.name === 'emails') && (
            <Suspense>
              <TwinHint kind={kind} values={draft} onOpen={onCreated} />
            </Suspense>
          )}
          {!all && shown.length < fields.length && (
            <UnstyledButton
              c="dimmed"
              fz="sm"
              onClick={() => setAll(true)}
              style={{ alignSelf: 'flex-start' }}
            >
              <Trans>More fields</Trans>
            </UnstyledButton>
          )}
          <Group justify="space-between" mt="sm">
            <Button variant="subtle" color="gray" size="sm" onClick={clear}>
              <Trans>Clear</Trans>
            </Button>
            <Button type="submit" size="sm" loading={busy}>
              <Trans>Save</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
