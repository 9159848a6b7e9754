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
import { fieldLabel, optionLabel } from '../words';
import { type Condition, type Leaf, parse, print } from './condition';
import { useAskingWords, useNames } from './filter-words';
import { type Asking, askingOf, askings, leafOf } from './operators';

interface Draft {
  field: string;
  asking: Asking;
  values: string[];
}

/** What the form can hold of a condition; the rest is kept as it is. */
function drafts(fields: Field[], c: Condition | undefined): { any: Draft[]; not: boolean } | null {
  if (!c) return { any: [], not: false };
  const not = c.is === 'not';
  const inner = c.is === 'not' ? c.of : c;
  const leaves = inner.is === 'any' ? inner.of : [inner];
  const read: Draft[] = [];
  for (const leaf of leaves) {
    if (!('field' in leaf)) return null;
    const field = fields.find((each) => each.name === leaf.field);
    const asked = field && askingOf(field, leaf as Leaf);
    if (!field || !asked) return null;
    read.push({ field: field.name, ...asked });
  }
  return { any: read, not };
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
  const [any, setAny] = useState<Draft[]>(read?.any ?? []);
  const [not, setNot] = useState(read?.not ?? false);

  const fieldNamed = (name: string) => fields.find((field) => field.name === name);
  const leaves = any.flatMap((draft) => {
    const field = fieldNamed(draft.field);
    const leaf = field && leafOf(field, draft.asking, draft.values);
    return leaf ? [leaf] : [];
  });

  function done() {
    if (leaves.length === 0 || leaves.length < any.length) return;
    const joined: Condition = leaves.length === 1 ? (leaves[0] as Leaf) : { is: 'any', of: leaves };
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
          maxDropdownHeight={300}
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
                <Trans>or</Trans>
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
                onChange={(asking) => asking && set({ asking: asking as Asking })}
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
        <Group gap={4}>
          <Menu position="bottom-start" withinPortal={false}>
            <Menu.Target>
              <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconPlus size={12} />}>
                <Trans>or…</Trans>
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
        <Select
          size="xs"
          searchable
          data-autofocus
          aria-label={label}
          comboboxProps={inside}
          data={[
            { value: 'me', label: t`me` },
            ...people.map((each) => ({ value: each.id, label: each.name })),
          ]}
          value={value || null}
          onChange={(next) => onChange(next ? [next] : [])}
        />
      );
    case 'date':
    case 'datetime':
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
