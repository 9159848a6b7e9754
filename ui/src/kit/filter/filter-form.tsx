import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Button,
  Group,
  Menu,
  MultiSelect,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Field, Kind } from '../../api/kinds';
import { DateField } from '../field-date';
import { FieldInput } from '../field-input';
import { fieldLabel, optionLabel } from '../words';
import { allOf, type Condition, parse, parts, print } from './condition';
import { fieldOf, useAskingWords, useNames } from './filter-words';
import { type Asking, askingOf, askings, conditionOf } from './operators';

interface Draft {
  field: string;
  asking: Asking;
  values: string[];
}

/** What the form can hold of a condition; the rest is kept as it is. */
function drafts(
  fields: Field[],
  c: Condition | undefined,
): { all: Draft[]; how: 'any' | 'all'; not: boolean } | null {
  if (!c) return { all: [], how: 'any', not: false };
  const one = (part: Condition): Draft | null => {
    const field = fields.find((each) => each.name === fieldOf(part));
    const asked = field && askingOf(field, part);
    return field && asked ? { field: field.name, ...asked } : null;
  };
  const whole = one(c);
  if (whole) return { all: [whole], how: 'any', not: false };
  const not = c.is === 'not';
  const inner = c.is === 'not' ? c.of : c;
  const alone = one(inner);
  if (alone) return { all: [alone], how: 'any', not };
  if (inner.is !== 'any' && inner.is !== 'all') return null;
  const read = (inner.is === 'any' ? inner.of : parts(inner)).map(one);
  if (read.some((each) => each === null)) return null;
  return { all: read as Draft[], how: inner.is, not };
}

/** One condition, or several of which any may hold. Loaded when the first chip is made. */
export default function Form(props: {
  kind: Kind;
  fields: Field[];
  start?: Condition;
  onDone: (next: Condition) => void;
  onLine?: () => void;
}) {
  const { t } = useLingui();
  const words = useAskingWords();
  const { fields, start } = props;
  const read = drafts(fields, start);
  const [any, setAny] = useState<Draft[]>(read?.all ?? []);
  const [how, setHow] = useState<'any' | 'all'>(read?.how ?? 'any');
  const [not, setNot] = useState(read?.not ?? false);

  const fieldNamed = (name: string) => fields.find((field) => field.name === name);
  const leaves = any.flatMap((draft) => {
    const field = fieldNamed(draft.field);
    const leaf = field && conditionOf(field, draft.asking, draft.values);
    return leaf ? [leaf] : [];
  });

  function done() {
    if (leaves.length === 0 || leaves.length < any.length) return;
    const joined: Condition = leaves.length > 1 && how === 'any' ? { is: 'any', of: leaves } : allOf(leaves);
    props.onDone(not ? { is: 'not', of: joined } : joined);
  }

  const choose = (name: string, place: number | null) => {
    const field = fieldNamed(name);
    if (!field) return;
    const fresh: Draft = {
      field: name,
      asking: askings(field)[0] ?? 'is',
      values: field.type === 'bool' ? ['yes'] : [],
    };
    setAny((now) => (place === null ? [...now, fresh] : now.map((each, i) => (i === place ? fresh : each))));
  };

  if (read === null) {
    return (
      <Stack gap="xs">
        <Text size="sm">
          <Trans>This condition is too rich for the form. It can be changed as a line.</Trans>
        </Text>
        <Textarea
          size="xs"
          autosize
          aria-label={t`Filter as a line`}
          defaultValue={start ? print(start) : ''}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            const next = parse(event.currentTarget.value);
            if (next) props.onDone(next);
          }}
        />
      </Stack>
    );
  }

  if (any.length === 0) {
    return (
      <Stack gap={6}>
        <Select
          size="sm"
          searchable
          data-autofocus
          dropdownOpened
          aria-label={t`By which field?`}
          placeholder={t`By which field?`}
          attributes={{ options: { tabIndex: 0 } }} // it stands open and scrolls
          comboboxProps={{ withinPortal: false, transitionProps: { duration: 0 } }}
          data={fields.map((field) => ({ value: field.name, label: fieldLabel(field) }))}
          value={null}
          onChange={(name) => name && choose(name, null)}
        />
        <div style={{ height: Math.min(fields.length, 8) * 34 + 8 }} />
        {props.onLine && (
          <Button variant="subtle" color="gray" size="compact-xs" onClick={props.onLine}>
            <Trans>Write it as a line</Trans>
          </Button>
        )}
      </Stack>
    );
  }

  return (
    <Stack gap="xs">
      {any.map((draft, index) => {
        const field = fieldNamed(draft.field);
        if (!field) return null;
        const set = (next: Partial<Draft>) =>
          setAny((now) => now.map((each, place) => (place === index ? { ...each, ...next } : each)));
        return (
          <Stack gap={6} key={index}>
            {index > 0 && (
              <Text size="xs" c="dimmed">
                {how === 'any' ? <Trans>or</Trans> : <Trans>and</Trans>}
              </Text>
            )}
            <Group gap={6} wrap="nowrap">
              <Select
                size="xs"
                style={{ flex: 1 }}
                searchable
                allowDeselect={false}
                aria-label={t`Field`}
                comboboxProps={{ withinPortal: false }}
                data={fields.map((each) => ({ value: each.name, label: fieldLabel(each) }))}
                value={draft.field}
                onChange={(name) => name && choose(name, index)}
              />
              <Select
                size="xs"
                style={{ flex: 1 }}
                allowDeselect={false}
                aria-label={t`How to compare`}
                comboboxProps={{ withinPortal: false }}
                data={askings(field).map((each) => ({ value: each, label: words[each] }))}
                value={draft.asking}
                onChange={(asking) =>
                  asking && set({ asking: asking as Asking, values: kept(field, draft, asking as Asking) })
                }
              />
              <ActionIcon
                size="sm"
                aria-label={t`Remove this part`}
                onClick={() => setAny((now) => now.filter((_, place) => place !== index))}
              >
                <IconX size={14} />
              </ActionIcon>
            </Group>
            <Values field={field} draft={draft} onChange={(values) => set({ values })} onEnter={done} />
          </Stack>
        );
      })}
      <Group justify="space-between" gap={6}>
        <Group gap={4} wrap="wrap">
          <Menu position="bottom-start" withinPortal={false}>
            <Menu.Target>
              <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconPlus size={12} />}>
                {how === 'any' ? <Trans>or…</Trans> : <Trans>and…</Trans>}
              </Button>
            </Menu.Target>
            <Menu.Dropdown mah={260} style={{ overflowY: 'auto' }}>
              {fields.map((field) => (
                <Menu.Item key={field.name} onClick={() => choose(field.name, null)}>
                  {fieldLabel(field)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          {any.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label={t`Whether one of them is enough`}
              value={how}
              onChange={(next) => setHow(next as 'any')}
              data={[
                { value: 'any', label: t`any` },
                { value: 'all', label: t`all` },
              ]}
            />
          )}
          <SegmentedControl
            size="xs"
            aria-label={t`Keep or leave out`}
            value={not ? 'not' : 'yes'}
            onChange={(next) => setNot(next === 'not')}
            data={[
              { value: 'yes', label: t`keep` },
              { value: 'not', label: t`leave out` },
            ]}
          />
        </Group>
        <Button onClick={done} disabled={leaves.length === 0 || leaves.length < any.length}>
          <Trans>Apply</Trans>
        </Button>
      </Group>
    </Stack>
  );
}

/** What was typed stays where it still makes sense. */
function kept(field: Field, draft: Draft, asking: Asking): string[] {
  const counted = (each: Asking) => each === 'last' || each === 'next';
  if (counted(asking)) return counted(draft.asking) ? draft.values : ['7'];
  if (counted(draft.asking)) return [];
  return field.type === 'bool' && draft.values.length === 0 ? ['yes'] : draft.values;
}

function Values({
  field,
  draft,
  onChange,
  onEnter,
}: {
  field: Field;
  draft: Draft;
  onChange: (values: string[]) => void;
  onEnter: () => void;
}) {
  const { t } = useLingui();
  const { people, lines } = useNames();
  if (draft.asking === 'empty' || draft.asking === 'filled') return null;
  const value = draft.values[0] ?? '';
  const label = t`Value`;
  const inside = { withinPortal: false };

  switch (field.type) {
    case 'bool':
      return (
        <SegmentedControl
          size="xs"
          aria-label={label}
          value={value || 'yes'}
          onChange={(next) => onChange([next])}
          data={[
            { value: 'yes', label: t`yes` },
            { value: 'no', label: t`no` },
          ]}
        />
      );
    case 'choice':
    case 'choices':
    case 'stage':
    case 'pipeline': {
      const data =
        field.type === 'stage'
          ? lines.map((each) => ({
              group: each.name,
              items: each.stages.map((stage) => ({ value: stage.id ?? '', label: stage.name })),
            }))
          : field.type === 'pipeline'
            ? lines.map((each) => ({ value: each.id, label: each.name }))
            : (field.options ?? []).map((option) => ({
                value: option.key,
                label: optionLabel(field, option.key),
              }));
      return (
        <MultiSelect
          size="xs"
          data-autofocus
          aria-label={label}
          comboboxProps={inside}
          data={data}
          value={draft.values}
          onChange={onChange}
        />
      );
    }
    case 'tags':
      return (
        <TagsInput size="xs" data-autofocus aria-label={label} value={draft.values} onChange={onChange} />
      );
    case 'person':
      return (
        <MultiSelect
          size="xs"
          searchable
          data-autofocus
          aria-label={label}
          comboboxProps={inside}
          data={[
            { value: 'me', label: t`me` },
            ...people.map((each) => ({ value: each.id, label: each.name })),
          ]}
          value={draft.values}
          onChange={onChange}
        />
      );
    case 'relation':
      return (
        <FieldInput
          field={{ ...field, required: true }}
          bare
          autoFocus
          inside
          value={value ? { id: value, title: '' } : null}
          onChange={(next) => {
            const id = (next as { id?: string } | null)?.id;
            onChange(id ? [id] : []);
          }}
        />
      );
    case 'date':
    case 'datetime':
      if (draft.asking === 'last' || draft.asking === 'next') {
        return (
          <Group gap={4}>
            {['1', '7', '30', '90', '365'].map((days) => (
              <Button
                key={days}
                size="compact-xs"
                variant={value === days ? 'light' : 'default'}
                aria-pressed={value === days}
                onClick={() => onChange([days])}
              >
                {days}
              </Button>
            ))}
            <TextInput
              size="xs"
              w={70}
              data-autofocus
              inputMode="numeric"
              aria-label={t`How many days`}
              value={value}
              maxLength={4}
              onChange={(event) => onChange([event.currentTarget.value.replace(/\D/gu, '')])}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                onEnter();
              }}
            />
            <Text size="xs" c="dimmed">
              <Trans>days</Trans>
            </Text>
          </Group>
        );
      }
      if (draft.asking === 'between') {
        return (
          <Group gap={6} grow>
            {[0, 1].map((place) => (
              <DateField
                key={place}
                size="xs"
                aria-label={place === 0 ? t`From` : t`To`}
                value={draft.values[place]?.startsWith('today') ? '' : (draft.values[place] ?? '')}
                onChange={(next) => onChange(place === 0 ? [next, draft.values[1] ?? ''] : [value, next])}
              />
            ))}
          </Group>
        );
      }
      return (
        <Stack gap={6}>
          <Group gap={4}>
            {(
              [
                ['today', t`today`],
                ['today-7d', t`7 days ago`],
                ['today-30d', t`30 days ago`],
                ['today-90d', t`90 days ago`],
              ] as const
            ).map(([word, said]) => (
              <Button
                key={word}
                size="compact-xs"
                variant={value === word ? 'light' : 'default'}
                onClick={() => onChange([word])}
              >
                {said}
              </Button>
            ))}
          </Group>
          <DateField
            size="xs"
            key={value.startsWith('today') ? 'relative' : 'fixed'}
            aria-label={label}
            value={value.startsWith('today') ? '' : value}
            yearless={field.type === 'date'}
            onChange={(next) => onChange(next ? [next] : [])}
          />
        </Stack>
      );
    default:
      if (draft.asking === 'between') {
        return (
          <Group gap={6} grow>
            {[0, 1].map((place) => (
              <TextInput
                key={place}
                size="xs"
                inputMode="decimal"
                aria-label={place === 0 ? t`From` : t`To`}
                placeholder={place === 0 ? t`From` : t`To`}
                value={draft.values[place] ?? ''}
                onChange={(event) => {
                  const next = event.currentTarget.value;
                  onChange(place === 0 ? [next, draft.values[1] ?? ''] : [value, next]);
                }}
              />
            ))}
          </Group>
        );
      }
      return (
        <TextInput
          size="xs"
          data-autofocus
          aria-label={label}
          inputMode={['integer', 'number', 'money'].includes(field.type) ? 'decimal' : 'text'}
          value={value}
          onChange={(event) => onChange([event.currentTarget.value])}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              event.preventDefault();
              onEnter();
            }
          }}
        />
      );
  }
}
