import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Drawer, Group, Stack, UnstyledButton } from '@mantine/core';
import { Suspense, useEffect, useMemo, useState } from 'react';
import { Problem } from '../../api/http';
import type { Field, Kind } from '../../api/kinds';
import { create, type Record_, type Values } from '../../api/records';
import { useMe } from '../../api/session';
import { useSentence } from '../../kit/failure';
import { FieldInput, sendable } from '../../kit/field-input';
import { isEmpty } from '../../kit/field-value';
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

const place = (kind: Kind) => `castellan.draft.${kind.name}`;

/** A draft as it was left in this tab. Not longer: it holds a client's data. */
function kept(kind: Kind): Values {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(place(kind)) ?? '{}');
    return read && typeof read === 'object' ? (read as Values) : {};
  } catch {
    return {};
  }
}

/** A new record. What was typed survives until it is saved or cleared. */
export default function CreateDrawer({ kind, opened, onClose, onCreated, begin }: Props) {
  const { t } = useLingui();
  const sentence = useSentence();
  const cache = useCache(kind.plural);
  const me = useMe();
  const [draft, setDraft] = useState<Values>(() => ({ ...begin, ...kept(kind) }));
  const [once, setOnce] = useState(() => crypto.randomUUID());
  const [all, setAll] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (Object.keys(draft).length) sessionStorage.setItem(place(kind), JSON.stringify(draft));
    else sessionStorage.removeItem(place(kind));
  }, [kind, draft]);

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
    return (
      failure.parts.find((part) => part.field === field.name || part.field?.startsWith(`${field.name}.`))
        ?.detail ?? (failure.field === field.name ? failure.message : undefined)
    );
  };

  function clear() {
    setDraft({ ...begin });
    sessionStorage.removeItem(place(kind));
    setFailure(null);
    setOnce(crypto.randomUUID());
  }

  async function save() {
    setBusy(true);
    setFailure(null);
    try {
      const values = Object.fromEntries(
        fields
          .filter((field) => !isEmpty(draft[field.name]))
          .map((field) => [field.name, sendable(field, draft[field.name])]),
      );
      const whole = inCurrency(kind, {}, { ...begin, ...values }, me.workspace.currency);
      const record = await create(kind.plural, whole, once);
      clear();
      cache.place(record);
      void cache.refresh();
      onCreated(record);
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

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
          {failure !== null && (
            <Alert color="red" variant="light" role="alert">
              {sentence(failure)}
            </Alert>
          )}
          {shown.map((field, index) => (
            <FieldInput
              key={field.name}
              field={field}
              value={draft[field.name]}
              onChange={(value) => setDraft((now) => ({ ...now, [field.name]: value }))}
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
