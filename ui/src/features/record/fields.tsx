import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, UnstyledButton } from '@mantine/core';
import { IconCheck, IconEyeOff, IconPencil, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { Problem } from '../../api/http';
import type { Field, Kind } from '../../api/kinds';
import { change, type Record_ } from '../../api/records';
import { useMe } from '../../api/session';
import { useSentence, useTell } from '../../kit/failure';
import { FieldInput, keepsEnter, savesAtOnce, sendable } from '../../kit/field-input';
import { FieldValue, isEmpty, sightOf } from '../../kit/field-value';
import { later, part } from '../../kit/later';
import { useUnsaved } from '../../kit/unsaved';
import { fieldLabel } from '../../kit/words';
import { useCache } from './cache';
import { inCurrency } from './currency';
import classes from './fields.module.css';
import { useNames } from './names';
import { useReveals } from './reveals';

const Why = part(later(() => import('./why')));

interface Part {
  kind: Kind;
  record: Record_;
  readOnly: boolean;
}

/** Saves one field. The answer takes the record's place everywhere. */
function useSave({ kind, record }: Part) {
  const { t } = useLingui();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const sentence = useSentence();
  const reveals = useReveals();
  const me = useMe();
  return async (field: Field, value: unknown): Promise<string | null> => {
    try {
      const values = { [field.name]: sendable(field, value) };
      const whole = inCurrency(kind, record, values, me.workspace.currency);
      const next = await change(kind.plural, record.id, record.version, whole);
      reveals.close(record.id, field.name);
      cache.place(next);
      return null;
    } catch (failure) {
      if (failure instanceof Problem && (failure.status === 409 || failure.status === 412)) {
        await cache.forget('one', record.id);
        return t`Somebody changed this meanwhile. Look again and repeat.`;
      }
      if (failure instanceof Problem && (failure.status === 422 || failure.status === 400)) {
        // What follows the field may be wrong with it, and is said as that of the field.
        const part = failure.parts.find((each) => each.field === field.name);
        return sentence(part ? new Problem(failure.status, { ...part }) : failure);
      }
      tell(failure);
      return '';
    }
  };
}

/** The title of the card, changed in place. */
export function EditableTitle(part: Part) {
  const { kind, record, readOnly } = part;
  const { t } = useLingui();
  const save = useSave(part);
  const [typed, setTyped] = useState<string | null>(null);
  const [error, setError] = useState('');
  const field = kind.fields.find((each) => each.name === kind.title);
  const title = String(record[kind.title] ?? '');
  const end = useUnsaved(typed !== null && !!typed.trim() && typed !== title);
  if (!field) return null;
  const closed = sightOf(record, field) !== 'plain';
  const editable = !readOnly && !!record.can?.edit && field.writable !== false && !closed;

  if (typed === null) {
    return (
      <h2 className={classes.title}>
        {editable ? (
          <UnstyledButton className={classes.titleButton} title={t`Change`} onClick={() => setTyped(title)}>
            {title}
          </UnstyledButton>
        ) : closed ? (
          <FieldValue field={field} record={record} />
        ) : (
          title
        )}
      </h2>
    );
  }
  return (
    <>
      <h2 className={classes.title}>
        <input
          className={classes.titleInput}
          aria-label={fieldLabel(field)}
          aria-invalid={!!error || undefined}
          autoFocus
          maxLength={field.max || undefined}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              event.preventDefault();
              setTyped(null);
              setError('');
            }
            if (event.key === 'Enter') event.currentTarget.blur();
          }}
          onBlur={async () => {
            end(); // a press on a link saves it
            const wrong = typed.trim() && typed !== title ? await save(field, typed.trim()) : null;
            setError(wrong ?? '');
            if (wrong === null) setTyped(null);
          }}
        />
      </h2>
      {error && (
        <div role="alert" className={classes.titleError}>
          {error}
        </div>
      )}
    </>
  );
}

/** The fields of a card, each changed in place. Empty ones fold away. */
export function Fields(part: Part) {
  const { kind, record } = part;
  const { t } = useLingui();
  const [unfolded, setUnfolded] = useState(false);
  const known = kind.fields.filter(
    (field) => field.name !== kind.title && (field.name in record || record.sight?.[field.name]),
  );
  const editable = kind.fields.filter(
    (field) => field.name !== kind.title && !field.house && field.writable !== false,
  );
  const all = kind.fields.filter((field) => known.includes(field) || editable.includes(field));
  const filled = all.filter(
    (field) =>
      !field.house && (!isEmpty(record[field.name]) || (record.sight?.[field.name] ?? 'plain') !== 'plain'),
  );
  const empty = all.filter((field) => !filled.includes(field) && !field.house);
  const shown = unfolded ? [...filled, ...empty] : filled;

  return (
    <section aria-label={t`Fields`}>
      <dl className={classes.fields}>
        {shown.map((field) => (
          <FieldRow key={field.name} field={field} {...part} />
        ))}
      </dl>
      {empty.length > 0 && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          ml={-8}
          aria-expanded={unfolded}
          onClick={() => setUnfolded(!unfolded)}
        >
          {unfolded ? (
            <Trans>Hide empty fields</Trans>
          ) : (
            <Plural value={empty.length} one="# empty field" other="# empty fields" />
          )}
        </Button>
      )}
    </section>
  );
}

function FieldRow({ field, ...part }: Part & { field: Field }) {
  const { kind, record, readOnly } = part;
  const { t } = useLingui();
  const save = useSave(part);
  const reveals = useReveals();
  const { nameOf, linkTo } = useNames();
  const [draft, setDraft] = useState<{ value: unknown; shown: unknown; begun: unknown } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLElement>(null);

  const label = fieldLabel(field);
  const shown = reveals.shown(record.id, field.name);
  const closed = sightOf(record, field) !== 'plain' && shown === undefined;
  const hidden = !(field.name in record) && !closed;
  const value = shown !== undefined ? shown : record[field.name];
  const mayEdit = !readOnly && !!record.can?.edit && !field.house && field.writable !== false;

  // What is whole with one choice is saved with it.
  const written = (of: unknown) => JSON.stringify(sendable(field, of));
  useUnsaved(
    !!draft &&
      !savesAtOnce(field) &&
      written(draft.value) !== written(closed || hidden ? undefined : draft.shown),
  );

  function begin() {
    // A closed value is written without being seen: the form begins empty.
    setDraft({ value: closed || hidden ? undefined : value, shown: value, begun: record[field.name] });
    setError(null);
  }

  async function keep(next: unknown) {
    if ((closed || hidden) && isEmpty(next)) return setDraft(null);
    // The card is kept true while somebody types: what another has made of the
    // field meanwhile is not written over unseen.
    if (draft && JSON.stringify(draft.begun) !== JSON.stringify(record[field.name])) {
      setDraft({ ...draft, value: next, begun: record[field.name] });
      return setError(t`Somebody changed this meanwhile. Look again and repeat.`);
    }
    setBusy(true);
    const wrong = await save(field, next);
    setBusy(false);
    if (wrong === null) setDraft(null);
    else setError(wrong);
  }

  function onKey(event: KeyboardEvent) {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      setDraft(null);
    }
    if (event.key === 'Enter' && draft && (!keepsEnter(field) || event.ctrlKey || event.metaKey)) {
      if (savesAtOnce(field)) return;
      event.preventDefault();
      void keep(draft.value);
    }
  }

  return (
    <div className={classes.row}>
      <dt className={classes.label} title={label}>
        {label}
      </dt>
      <dd className={classes.value} ref={box}>
        {draft ? (
          // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the field inside
          <div className={classes.editor} onKeyDown={onKey}>
            <div style={{ flex: 1, minWidth: 0 }}>
              <FieldInput
                field={field}
                bare
                autoFocus
                unseen={closed || hidden}
                value={draft.value}
                error={error ?? undefined}
                disabled={busy}
                pipeline={pipelineOf(kind, record)}
                onChange={(next) => {
                  setDraft({ ...draft, value: next });
                  if (savesAtOnce(field)) void keep(next);
                }}
              />
            </div>
            <Group gap={2} wrap="nowrap">
              {!savesAtOnce(field) && (
                <ActionIcon
                  size={30}
                  color="accent"
                  variant="light"
                  loading={busy}
                  aria-label={t`Save`}
                  onClick={() => keep(draft.value)}
                >
                  <IconCheck size={16} />
                </ActionIcon>
              )}
              <ActionIcon size={30} aria-label={t`Leave as it was`} onClick={() => setDraft(null)}>
                <IconX size={16} />
              </ActionIcon>
            </Group>
          </div>
        ) : (
          <>
            <div className={classes.shown}>
              {hidden && !mayEdit ? null : isEmpty(value) && !closed ? (
                mayEdit ? (
                  <UnstyledButton className={classes.add} onClick={begin} aria-label={t`Add: ${label}`}>
                    <Trans>Add</Trans>
                  </UnstyledButton>
                ) : (
                  <span className={classes.add}>–</span>
                )
              ) : (
                <FieldValue
                  field={field}
                  record={record}
                  look={{
                    shown,
                    onReveal: readOnly ? undefined : () => reveals.open(kind.plural, record.id, field.name),
                    why: () => <Why plural={kind.plural} id={record.id} field={field.name} />,
                    nameOf,
                    linkTo,
                  }}
                />
              )}
            </div>
            <Group gap={0} wrap="nowrap" className={classes.tools}>
              {shown !== undefined && (
                <ActionIcon
                  size={24}
                  aria-label={t`Close again: ${label}`}
                  title={t`Close again`}
                  onClick={() => reveals.close(record.id, field.name)}
                >
                  <IconEyeOff size={14} />
                </ActionIcon>
              )}
              {mayEdit && !(isEmpty(value) && !closed) && (
                <ActionIcon
                  size={24}
                  aria-label={closed ? t`Set anew: ${label}` : t`Change: ${label}`}
                  title={closed ? t`Set anew without seeing it` : t`Change`}
                  onClick={begin}
                >
                  <IconPencil size={14} />
                </ActionIcon>
              )}
            </Group>
          </>
        )}
      </dd>
    </div>
  );
}

function pipelineOf(kind: Kind, record: Record_): string | undefined {
  const value = kind.pipeline ? record[kind.pipeline] : undefined;
  if (typeof value === 'string') return value;
  return (value as { id?: string } | null | undefined)?.id;
}
