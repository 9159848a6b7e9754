import { useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
  type TextInputProps,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/http';
import { type Field, kinds } from '../api/kinds';
import { offered } from '../api/offered';
import { names } from '../api/people';
import type { Email, Page, PersonRef, Phone, RecordRef } from '../api/records';
import { pipelines } from '../api/workspace';
import { DateField } from './field-date';
import { fieldLabel, optionLabel } from './words';

export interface InputProps {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  /** The value is there but closed: what is typed replaces it unseen. */
  unseen?: boolean;
  /** Without its label, for an edit in place; the name is still spoken. */
  bare?: boolean;
  error?: string | undefined;
  autoFocus?: boolean;
  /** The pipeline whose stages are offered. */
  pipeline?: string | undefined;
  disabled?: boolean;
  /** What unfolds stays within what floats itself. */
  inside?: boolean;
}

/** Whether a change of the field is whole with one choice, and may be saved at once. */
export const savesAtOnce = (field: Field) =>
  ['choice', 'person', 'relation', 'pipeline', 'stage', 'bool'].includes(field.type);

/** Whether Enter belongs to the field itself. */
export const keepsEnter = (field: Field) =>
  ['longtext', 'tags', 'choices', 'phones', 'emails'].includes(field.type);

/** The value as it is sent: what is empty is null. */
export function sendable(field: Field, value: unknown): unknown {
  if (value === '' || value === undefined) return null;
  if (field.type === 'person' || field.type === 'relation') {
    return value && typeof value === 'object' ? (value as { id: string }).id : value;
  }
  if (field.type === 'stage' || field.type === 'pipeline') {
    return value && typeof value === 'object' ? (value as { id: string }).id : value;
  }
  if (field.type === 'phones') {
    return (value as Phone[])
      .filter((phone) => phone.number.trim())
      .map(({ number, label, ext }) => ({
        number: number.trim(),
        ...(label ? { label } : {}),
        ...(ext ? { ext } : {}),
      }));
  }
  if (field.type === 'emails') {
    return (value as Email[])
      .filter((email) => email.address.trim())
      .map(({ address, label }) => ({ address: address.trim(), ...(label ? { label } : {}) }));
  }
  if (field.type === 'money') return String(value);
  return value;
}

/** The editor of a field, by its type. */
export function FieldInput(props: InputProps) {
  const { t } = useLingui();
  const { field, value, onChange, bare, unseen, error, autoFocus, disabled } = props;
  const label = fieldLabel(field);
  const common = {
    label: bare ? undefined : label,
    'aria-label': bare ? label : undefined,
    withAsterisk: !bare && field.required,
    error,
    size: 'sm' as const,
    disabled,
    ...(autoFocus ? { 'data-autofocus': true, autoFocus: true } : {}),
  };
  const newValue = unseen ? t`Type a new value; the old one stays closed` : undefined;

  switch (field.type) {
    case 'longtext':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={10}
          placeholder={newValue}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'integer':
    case 'number':
    case 'money':
      return (
        <NumberInput
          {...common}
          hideControls
          allowDecimal={field.type !== 'integer'}
          decimalScale={field.type === 'money' ? 2 : field.type === 'number' ? 6 : 0}
          thousandSeparator=" "
          allowedDecimalSeparators={[',', '.']}
          placeholder={newValue}
          value={(value as number | string | undefined) ?? ''}
          onChange={onChange}
        />
      );
    case 'bool':
      return (
        <Switch
          {...common}
          label={bare ? undefined : label}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'date':
      return (
        <DateField
          {...common}
          value={typeof value === 'string' ? value : ''}
          yearless={field.name === 'birthday'}
          onChange={onChange}
        />
      );
    case 'datetime':
      return <MomentInput {...props} />;
    case 'choice':
      return (
        <Select
          {...common}
          clearable={!field.required}
          searchable={(field.options?.length ?? 0) > 7}
          data={
            field.options?.map((option) => ({ value: option.key, label: optionLabel(field, option.key) })) ??
            []
          }
          value={(value as string) ?? null}
          onChange={onChange}
        />
      );
    case 'choices':
      return (
        <MultiSelect
          {...common}
          data={
            field.options?.map((option) => ({ value: option.key, label: optionLabel(field, option.key) })) ??
            []
          }
          value={(value as string[]) ?? []}
          onChange={onChange}
        />
      );
    case 'tags':
      return <TagWords {...props} common={common} />;
    case 'phones':
      return <PhonesInput {...props} />;
    case 'emails':
      return <EmailsInput {...props} />;
    case 'person':
      return <PersonInput {...props} />;
    case 'relation':
      return <RelationInput {...props} />;
    case 'pipeline':
    case 'stage':
      return <StageInput {...props} />;
    default:
      if (field.name === 'source' && !field.custom) return <SourceWord {...props} common={common} />;
      return (
        <TextInput
          {...common}
          type={field.type === 'url' ? 'url' : 'text'}
          maxLength={field.max || undefined}
          autoComplete="off"
          placeholder={newValue}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

type Common = Pick<
  TextInputProps,
  'label' | 'aria-label' | 'withAsterisk' | 'error' | 'size' | 'disabled' | 'autoFocus'
>;

/** Tags: those that the firm offers, and whatever else is typed. */
function TagWords({ common, value, onChange, inside }: InputProps & { common: Common }) {
  const { data } = useQuery(offered);
  return (
    <TagsInput
      {...common}
      {...(inside ? { comboboxProps: { withinPortal: false } } : {})}
      data={data?.tags ?? []}
      value={(value as string[]) ?? []}
      onChange={onChange}
    />
  );
}

/** Where a client comes from: what the firm offers, or something of one's own. */
function SourceWord({ common, field, value, onChange, inside }: InputProps & { common: Common }) {
  const { data } = useQuery(offered);
  return (
    <Autocomplete
      {...common}
      {...(inside ? { comboboxProps: { withinPortal: false } } : {})}
      maxLength={field.max || undefined}
      autoComplete="off"
      data={data?.sources ?? []}
      value={String(value ?? '')}
      onChange={onChange}
    />
  );
}

function MomentInput({ field, value, onChange, bare, error, autoFocus }: InputProps) {
  const { t } = useLingui();
  const at = typeof value === 'string' && value ? new Date(value) : null;
  const two = (n: number) => String(n).padStart(2, '0');
  const [day, setDay] = useState(
    at ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}` : '',
  );
  const [time, setTime] = useState(at ? `${two(at.getHours())}:${two(at.getMinutes())}` : '');
  const label = fieldLabel(field);

  function tell(nextDay: string, nextTime: string) {
    if (!nextDay) return onChange('');
    const moment = new Date(`${nextDay}T${/^\d{2}:\d{2}$/.test(nextTime) ? nextTime : '12:00'}`);
    if (!Number.isNaN(moment.getTime())) onChange(moment.toISOString());
  }

  return (
    <Group gap={6} wrap="nowrap" align={bare ? 'center' : 'flex-end'}>
      <DateField
        label={bare ? undefined : label}
        aria-label={bare ? label : undefined}
        size="sm"
        style={{ flex: 1 }}
        error={error}
        autoFocus={autoFocus}
        value={day}
        onChange={(next) => {
          setDay(next);
          tell(next, time);
        }}
      />
      <TextInput
        size="sm"
        w={76}
        placeholder="12:00"
        inputMode="numeric"
        maxLength={5}
        aria-label={t`${label}: time`}
        value={time}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setTime(next);
          tell(day, next);
        }}
      />
    </Group>
  );
}

/** Rows of a value with a label, as phones and addresses are. */
function Rows<Row>(props: {
  rows: Row[];
  empty: Row;
  onChange: (rows: Row[]) => void;
  label: string;
  bare: boolean | undefined;
  error: string | undefined;
  add: string;
  drop: string;
  required: boolean | undefined;
  row: (row: Row, change: (next: Row) => void, first: boolean) => React.ReactNode;
}) {
  const rows = props.rows.length ? props.rows : [props.empty];
  return (
    <Stack gap={6} role="group" aria-label={props.label}>
      {!props.bare && <span className="mantine-InputWrapper-label">{props.label}</span>}
      {rows.map((row, index) => (
        <Group key={index} gap={6} wrap="nowrap">
          {props.row(
            row,
            (next) => props.onChange(rows.map((each, place) => (place === index ? next : each))),
            index === 0,
          )}
          <ActionIcon
            aria-label={props.drop}
            onClick={() => props.onChange(rows.filter((_, place) => place !== index))}
          >
            <IconX size={15} />
          </ActionIcon>
        </Group>
      ))}
      {props.error && <div style={{ color: 'var(--c-danger)', fontSize: '0.75rem' }}>{props.error}</div>}
      <div>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          onClick={() => props.onChange([...rows, props.empty])}
        >
          {props.add}
        </Button>
      </div>
    </Stack>
  );
}

function PhonesInput({ field, value, onChange, bare, error, autoFocus, unseen }: InputProps) {
  const { t } = useLingui();
  const label = fieldLabel(field);
  return (
    <Rows<Phone>
      rows={(value as Phone[] | undefined) ?? []}
      empty={{ number: '' }}
      onChange={onChange}
      label={label}
      bare={bare}
      error={error}
      required={field.required}
      add={t`Another number`}
      drop={t`Remove this number`}
      row={(phone, change, first) => (
        <>
          <TextInput
            size="sm"
            type="tel"
            inputMode="tel"
            autoComplete="off"
            style={{ flex: 2 }}
            autoFocus={autoFocus && first}
            aria-label={t`${label}: number`}
            placeholder={unseen ? t`New number` : '+7 916 555-01-00'}
            value={phone.typed ?? phone.number}
            onChange={(event) =>
              change({ ...phone, typed: event.currentTarget.value, number: event.currentTarget.value })
            }
          />
          <TextInput
            size="sm"
            autoComplete="off"
            style={{ flex: 1 }}
            aria-label={t`${label}: what kind`}
            placeholder={t`mobile`}
            value={phone.label ?? ''}
            onChange={(event) => change({ ...phone, label: event.currentTarget.value })}
          />
        </>
      )}
    />
  );
}

function EmailsInput({ field, value, onChange, bare, error, autoFocus, unseen }: InputProps) {
  const { t } = useLingui();
  const label = fieldLabel(field);
  const rows = ((value as (Email | string)[] | undefined) ?? []).map((each) =>
    typeof each === 'string' ? { address: each } : each,
  );
  return (
    <Rows<Email>
      rows={rows}
      empty={{ address: '' }}
      onChange={onChange}
      label={label}
      bare={bare}
      error={error}
      required={field.required}
      add={t`Another address`}
      drop={t`Remove this address`}
      row={(email, change, first) => (
        <>
          <TextInput
            size="sm"
            type="email"
            inputMode="email"
            autoComplete="off"
            style={{ flex: 2 }}
            autoFocus={autoFocus && first}
            aria-label={t`${label}: address`}
            placeholder={unseen ? t`New address` : 'anna@example.com'}
            value={email.address}
            onChange={(event) => change({ ...email, address: event.currentTarget.value })}
          />
          <TextInput
            size="sm"
            autoComplete="off"
            style={{ flex: 1 }}
            aria-label={t`${label}: what kind`}
            placeholder={t`work`}
            value={email.label ?? ''}
            onChange={(event) => change({ ...email, label: event.currentTarget.value })}
          />
        </>
      )}
    />
  );
}

const idOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : ((value as { id?: string } | null)?.id ?? null);

function PersonInput({ field, value, onChange, bare, error, autoFocus, disabled }: InputProps) {
  const { data: everyone = [] } = useQuery(names);
  const current = value as PersonRef | null | undefined;
  const known = everyone.some((person) => person.id === idOf(value));
  const data = [
    ...everyone.map((person) => ({ value: person.id, label: person.name })),
    ...(!known && current?.id ? [{ value: current.id, label: current.name }] : []),
  ];
  return (
    <Select
      label={bare ? undefined : fieldLabel(field)}
      aria-label={bare ? fieldLabel(field) : undefined}
      size="sm"
      searchable
      clearable={!field.required}
      autoFocus={autoFocus}
      disabled={disabled}
      error={error}
      data={data}
      value={idOf(value)}
      onChange={(id) =>
        onChange(id ? { id, name: data.find((each) => each.value === id)?.label ?? '' } : null)
      }
    />
  );
}

function RelationInput({ field, value, onChange, bare, error, autoFocus, inside }: InputProps) {
  const { t } = useLingui();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed, 180);
  const { data: all } = useQuery(kinds);
  const target = all?.find((kind) => kind.name === field.target);
  const current = value as RecordRef | null | undefined;
  const { data } = useQuery({
    queryKey: ['records', target?.plural, 'pick', asked],
    queryFn: ({ signal }) =>
      call<Page>('GET', `/${target?.plural}`, {
        query: { search: asked === current?.title ? undefined : asked, limit: 20, fields: target?.title },
        signal,
      }),
    enabled: !!target,
  });
  const found = (data?.items ?? []).map((record) => ({
    value: record.id,
    label: String((target && record[target.title]) || record.id),
  }));
  if (current?.id && !found.some((each) => each.value === current.id)) {
    found.unshift({ value: current.id, label: current.title });
  }
  return (
    <Select
      label={bare ? undefined : fieldLabel(field)}
      aria-label={bare ? fieldLabel(field) : undefined}
      size="sm"
      searchable
      clearable={!field.required}
      autoFocus={autoFocus}
      error={error}
      placeholder={t`Type to search`}
      nothingFoundMessage={t`Nothing found`}
      {...(inside ? { comboboxProps: { withinPortal: false } } : {})}
      filter={({ options }) => options}
      onSearchChange={setTyped}
      data={found}
      value={idOf(value)}
      onChange={(id) =>
        onChange(
          id
            ? { id, kind: field.target ?? '', title: found.find((each) => each.value === id)?.label ?? '' }
            : null,
        )
      }
    />
  );
}

function StageInput({ field, value, onChange, bare, error, autoFocus, pipeline }: InputProps) {
  const { data: every = [] } = useQuery(pipelines);
  const all = every.filter((each) => each.kind === field.target);
  const stages = (pipeline ? all.filter((each) => each.id === pipeline) : all).flatMap((each) =>
    each.stages.map((stage) => ({ value: stage.id ?? '', label: stage.name })),
  );
  const data = field.type === 'pipeline' ? all.map((each) => ({ value: each.id, label: each.name })) : stages;
  return (
    <Select
      label={bare ? undefined : fieldLabel(field)}
      aria-label={bare ? fieldLabel(field) : undefined}
      size="sm"
      allowDeselect={false}
      autoFocus={autoFocus}
      error={error}
      data={data}
      value={idOf(value)}
      onChange={onChange}
    />
  );
}
