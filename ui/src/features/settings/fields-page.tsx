import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Modal,
  Select,
  Skeleton,
  Stack,
  Switch,
  Table,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { IconPencil, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addField,
  type Class,
  changeField,
  type Field,
  type FieldDraft,
  type FieldType,
  type Kind,
  kinds,
  removeField,
} from '../../api/kinds';
import { Refusal, useAttempt } from '../../kit/attempt';
import { useTell } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { Left } from '../../kit/left';
import { Column, Panel } from '../../kit/page';
import { useClassWords } from '../../kit/rights-words';
import { fieldLabel, kindMany, optionLabel } from '../../kit/words';
import { i18n } from '../../text';

function useTypeWords(): Partial<Record<FieldType, string>> {
  const { t } = useLingui();
  return {
    text: t`text`,
    longtext: t`long text`,
    integer: t`whole number`,
    number: t`number`,
    money: t`money`,
    bool: t`yes or no`,
    date: t`date`,
    datetime: t`date and time`,
    choice: t`one of several`,
    choices: t`several of several`,
    url: t`link`,
    person: t`person`,
    phones: t`phones`,
    emails: t`mail addresses`,
    tags: t`tags`,
    relation: t`another record`,
    pipeline: t`pipeline`,
    stage: t`stage`,
  };
}

/** The fields of each kind, and new ones. */
export function FieldsPage() {
  const { t } = useLingui();
  const { data } = useQuery(kinds);
  const [name, setName] = useState('contact');
  const shown = (data ?? []).filter((each) => !each.within);
  const kind = shown.find((each) => each.name === name) ?? shown[0];
  return (
    <Column>
      {!kind ? (
        <Skeleton height={300} />
      ) : (
        <>
          <Select
            size="sm"
            aria-label={t`Kind`}
            style={{ alignSelf: 'flex-start', minWidth: 260 }}
            allowDeselect={false}
            value={kind.name}
            onChange={(next) => next && setName(next)}
            data={shown.map((each) => ({ value: each.name, label: kindMany(each) }))}
          />
          <NewField key={`new ${kind.name}`} kind={kind} />
          <FieldList kind={kind} />
        </>
      )}
    </Column>
  );
}

function FieldList({ kind }: { kind: Kind }) {
  const { t } = useLingui();
  const words = useTypeWords();
  const classWords = useClassWords();
  const client = useQueryClient();
  const tell = useTell();
  const [changing, setChanging] = useState<Field | null>(null);
  return (
    <Panel title={kindMany(kind)}>
      <Table.ScrollContainer minWidth={320}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>
                <Trans>Field</Trans>
              </Table.Th>
              <Table.Th>
                <Trans>Holds</Trans>
              </Table.Th>
              <Table.Th>
                <Trans>Sort of data</Trans>
              </Table.Th>
              <Table.Th>
                <span className="unseen">
                  <Trans>Remove</Trans>
                </span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {kind.fields
              .filter((field) => !field.house)
              .map((field: Field) => (
                <Table.Tr key={field.name}>
                  <Table.Td>
                    {fieldLabel(field)}{' '}
                    {field.custom && (
                      <Badge size="xs" variant="light" tt="none">
                        <Trans>yours</Trans>
                      </Badge>
                    )}
                  </Table.Td>
                  <Table.Td c="dimmed">{words[field.type] ?? field.type}</Table.Td>
                  <Table.Td c="dimmed">{classWords[field.class]}</Table.Td>
                  <Table.Td ta="end" style={{ whiteSpace: 'nowrap' }}>
                    {field.custom && (
                      <ActionIcon
                        aria-label={t`Change: ${fieldLabel(field)}`}
                        onClick={() => setChanging(field)}
                      >
                        <IconPencil size={15} />
                      </ActionIcon>
                    )}
                    {field.custom && (
                      <ActionIcon
                        aria-label={t`Remove the field ${fieldLabel(field)}`}
                        onClick={() =>
                          removeField(kind.name, field.name).then(
                            () => client.invalidateQueries({ queryKey: ['kinds'] }),
                            tell,
                          )
                        }
                      >
                        <IconX size={15} />
                      </ActionIcon>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {changing && (
        <ChangeField key={changing.name} kind={kind} field={changing} onClose={() => setChanging(null)} />
      )}
    </Panel>
  );
}

interface Changed {
  label: string;
  sort: Class;
  required: boolean;
  options: { key: string; labels: Record<string, string>; word: string }[];
}

/** What a field of one's own is called, what it offers, and whether it must be filled in. What it holds stays. */
function ChangeField({ kind, field, onClose }: { kind: Kind; field: Field; onClose: () => void }) {
  const { t } = useLingui();
  const classWords = useClassWords();
  const client = useQueryClient();
  const { draft, left, set, forget, clear } = useFormDraft<Changed>(
    `castellan.draft.field.${kind.name}.${field.name}`,
    (before) => ({
      label: fieldLabel(field),
      sort: field.class,
      required: !!field.required,
      options: (field.options ?? []).map((each) => ({ ...each, word: optionLabel(field, each.key) })),
      ...before,
    }),
  );
  const { label, sort, required, options } = draft;
  const setOptions = (next: typeof options) => set({ options: next });
  const { busy, failure, attempt } = useAttempt();
  const choice = field.type === 'choice' || field.type === 'choices';
  const language = i18n.locale;

  function add() {
    // Records hold the keys; none of those that were there is used again.
    const taken = [...(field.options ?? []), ...options].map((each) => each.key);
    let n = taken.length + 1;
    while (taken.includes(`o${n}`)) n++;
    setOptions([...options, { key: `o${n}`, labels: {}, word: '' }]);
  }

  const save = () =>
    attempt(async () => {
      await changeField(kind.name, field.name, {
        labels: { ...field.labels, [language]: label.trim() },
        class: sort,
        required,
        ...(choice
          ? {
              options: options.map(({ key, labels, word }) => ({
                key,
                labels: { ...labels, [language]: word.trim() },
              })),
            }
          : {}),
      });
      forget();
      await client.invalidateQueries({ queryKey: ['kinds'] });
      onClose();
    });

  return (
    <Modal
      opened
      onClose={onClose}
      title={t`Change: ${fieldLabel(field)}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Stack gap="sm">
          <Left left={left} onDrop={() => clear()} />
          <Refusal failure={failure} />
          <TextInput
            size="sm"
            label={t`Name`}
            data-autofocus
            value={label}
            onChange={(event) => set({ label: event.currentTarget.value })}
          />
          <Select
            size="sm"
            label={t`Sort of data`}
            allowDeselect={false}
            data={Object.entries(classWords).map(([value, word]) => ({ value, label: word }))}
            value={sort}
            onChange={(next) => next && set({ sort: next as Class })}
          />
          <Switch
            size="xs"
            label={t`Must be filled in`}
            checked={required}
            onChange={(event) => set({ required: event.currentTarget.checked })}
          />
          {choice && (
            <Stack gap={6} role="group" aria-label={t`Options`}>
              {options.map((option, index) => (
                <Group key={option.key} gap={6} wrap="nowrap">
                  <TextInput
                    size="sm"
                    style={{ flex: 1 }}
                    aria-label={`${t`Options`} ${index + 1}`}
                    value={option.word}
                    onChange={(event) => {
                      const word = event.currentTarget.value;
                      setOptions(options.map((each) => (each === option ? { ...each, word } : each)));
                    }}
                  />
                  <ActionIcon
                    aria-label={`${t`Remove`}: ${option.word}`}
                    onClick={() => setOptions(options.filter((each) => each !== option))}
                  >
                    <IconX size={15} />
                  </ActionIcon>
                </Group>
              ))}
              <div>
                <Button variant="subtle" size="compact-xs" leftSection={<IconPlus size={13} />} onClick={add}>
                  <Trans>Add</Trans>
                </Button>
              </div>
            </Stack>
          )}
          <Group justify="flex-end">
            <Button
              type="submit"
              size="sm"
              loading={busy}
              disabled={
                !label.trim() ||
                (choice && (options.length === 0 || options.some((each) => !each.word.trim())))
              }
            >
              <Trans>Save</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface New {
  label: string;
  type: FieldDraft['type'];
  sort: Class;
  options: string[];
  target: string | null;
  required: boolean;
}

function NewField({ kind }: { kind: Kind }) {
  const { t } = useLingui();
  const words = useTypeWords();
  const classWords = useClassWords();
  const client = useQueryClient();
  const tell = useTell();
  const { draft, set, clear } = useFormDraft<New>(`castellan.draft.field.${kind.name}`, (left) => ({
    label: '',
    type: 'text',
    sort: 'personal',
    options: [],
    target: 'contact',
    required: false,
    ...left,
  }));
  const { label, type, sort, options, target, required } = draft;
  const [busy, setBusy] = useState(false);
  const { data: all = [] } = useQuery(kinds);
  const choice = type === 'choice' || type === 'choices';
  const offered: FieldDraft['type'][] = [
    'text',
    'longtext',
    'integer',
    'number',
    'money',
    'bool',
    'date',
    'datetime',
    'choice',
    'choices',
    'url',
    'person',
    'phones',
    'emails',
    'tags',
    'relation',
  ];

  async function add() {
    setBusy(true);
    try {
      await addField(kind.name, {
        label: label.trim(),
        labels: { [i18n.locale]: label.trim() },
        type,
        class: sort,
        ...(required ? { required } : {}),
        ...(type === 'relation' && target ? { target } : {}),
        ...(choice
          ? {
              options: options.map((word, index) => ({
                key: `o${index + 1}`,
                labels: { [i18n.locale]: word },
              })),
            }
          : {}),
      });
      await client.invalidateQueries({ queryKey: ['kinds'] });
      clear({ ...draft, label: '', options: [], required: false });
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Panel
      title={t`New field`}
      note={t`Rights follow the sort of data: who may see phones sees a new contact field, and nobody else.`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Stack gap="sm">
          <Group gap="sm" align="flex-end">
            <TextInput
              size="sm"
              style={{ flex: 1, minWidth: 180 }}
              label={t`Name`}
              required
              withAsterisk={false}
              value={label}
              onChange={(event) => set({ label: event.currentTarget.value })}
            />
            <Select
              size="sm"
              w={180}
              label={t`Holds`}
              allowDeselect={false}
              data={offered.map((value) => ({ value, label: words[value] ?? value }))}
              value={type}
              onChange={(next) => next && set({ type: next as FieldDraft['type'] })}
            />
            <Select
              size="sm"
              w={230}
              label={t`Sort of data`}
              allowDeselect={false}
              data={Object.entries(classWords).map(([value, word]) => ({ value, label: word }))}
              value={sort}
              onChange={(next) => next && set({ sort: next as Class })}
            />
          </Group>
          {choice && (
            <TagsInput
              size="sm"
              label={t`Options`}
              description={t`Enter after each.`}
              value={options}
              onChange={(next) => set({ options: next })}
            />
          )}
          {type === 'relation' && (
            <Select
              size="sm"
              w={230}
              label={t`Of which kind`}
              allowDeselect={false}
              data={all
                .filter((each) => !each.within)
                .map((each) => ({ value: each.name, label: kindMany(each) }))}
              value={target}
              onChange={(next) => set({ target: next })}
            />
          )}
          <Group justify="space-between">
            <Switch
              size="xs"
              label={t`Must be filled in`}
              checked={required}
              onChange={(event) => set({ required: event.currentTarget.checked })}
            />
            <Button
              type="submit"
              size="sm"
              loading={busy}
              disabled={!label.trim() || (choice && options.length === 0)}
            >
              <Trans>Add</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
