import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Badge,
  Button,
  Group,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Table,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addField,
  type Class,
  type Field,
  type FieldDraft,
  type FieldType,
  type Kind,
  kinds,
  removeField,
} from '../../api/kinds';
import { useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useClassWords } from '../../kit/rights-words';
import { fieldLabel, kindMany } from '../../kit/words';
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
          <SegmentedControl
            size="xs"
            aria-label={t`Kind`}
            style={{ alignSelf: 'flex-start' }}
            value={kind.name}
            onChange={setName}
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
  return (
    <Panel title={kindMany(kind)}>
      <Table.ScrollContainer minWidth={460}>
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
                  <Table.Td ta="end">
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
    </Panel>
  );
}

function NewField({ kind }: { kind: Kind }) {
  const { t } = useLingui();
  const words = useTypeWords();
  const classWords = useClassWords();
  const client = useQueryClient();
  const tell = useTell();
  const [label, setLabel] = useState('');
  const [type, setType] = useState<FieldDraft['type']>('text');
  const [sort, setSort] = useState<Class>('personal');
  const [options, setOptions] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
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
  ];

  async function add() {
    setBusy(true);
    try {
      await addField(kind.name, {
        label: label.trim(),
        labels: { [i18n.locale]: label.trim() },
        type,
        class: sort,
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
      setLabel('');
      setOptions([]);
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
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
            <Select
              size="sm"
              w={180}
              label={t`Holds`}
              allowDeselect={false}
              data={offered.map((value) => ({ value, label: words[value] ?? value }))}
              value={type}
              onChange={(next) => next && setType(next as FieldDraft['type'])}
            />
            <Select
              size="sm"
              w={230}
              label={t`Sort of data`}
              allowDeselect={false}
              data={Object.entries(classWords).map(([value, word]) => ({ value, label: word }))}
              value={sort}
              onChange={(next) => next && setSort(next as Class)}
            />
          </Group>
          {choice && (
            <TagsInput
              size="sm"
              label={t`Options`}
              description={t`Enter after each.`}
              value={options}
              onChange={setOptions}
            />
          )}
          <Group justify="flex-end">
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
