import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Checkbox, Popover, ScrollArea, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconColumns3, IconSearch, IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { Field, Kind } from '../../api/kinds';
import { exactCount, type Question } from '../../api/records';
import { useTell } from '../../kit/failure';
import { FilterBar } from '../../kit/filter/filter-bar';
import { fieldLabel } from '../../kit/words';
import { writing } from '../../text';
import type { ListSearch } from './address';
import { keepColumns } from './columns';
import classes from './toolbar.module.css';

interface Props {
  kind: Kind;
  search: ListSearch;
  put: (next: Partial<ListSearch>) => void;
  fields: Field[];
  question: Question;
  capped: boolean;
  actions: ReactNode;
}

/** Search, filter and columns of a list, and what can be done there. */
export function Toolbar({ kind, search, put, fields, question, capped, actions }: Props) {
  const { t } = useLingui();
  const [typed, setTyped] = useState(search.search ?? '');
  const [counted, setCounted] = useState<number | null>(null);
  const tell = useTell();
  const ask = useDebouncedCallback((next: string) => put({ search: next.trim() }), 220);

  // The address may change from outside: "Show all", or the back button.
  useEffect(
    () => setTyped((now) => (now.trim() === (search.search ?? '') ? now : (search.search ?? ''))),
    [search.search],
  );

  return (
    <div className={classes.bar} role="search">
      <TextInput
        size="xs"
        className={classes.search}
        leftSection={<IconSearch size={14} />}
        rightSection={
          typed && (
            <ActionIcon
              size="xs"
              aria-label={t`Clear the search`}
              onClick={() => {
                setTyped('');
                put({ search: '' });
              }}
            >
              <IconX size={13} />
            </ActionIcon>
          )
        }
        type="search"
        aria-label={t`Search in this list`}
        placeholder={t`Name, number, address…`}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          ask(event.currentTarget.value);
        }}
      />
      <div className={classes.filter}>
        <FilterBar kind={kind} value={search.filter ?? ''} onChange={(filter) => put({ filter })} />
      </div>
      <div className={classes.end}>
        {capped && (
          <Button
            variant="subtle"
            color="gray"
            className={classes.wide}
            onClick={() => exactCount(kind.plural, question).then((answer) => setCounted(answer.n), tell)}
          >
            {counted === null ? <Trans>Count all</Trans> : counted.toLocaleString(writing())}
          </Button>
        )}
        <ColumnChoice kind={kind} fields={fields} put={put} />
        {actions}
      </div>
    </div>
  );
}

function ColumnChoice({ kind, fields, put }: { kind: Kind; fields: Field[]; put: Props['put'] }) {
  const { t } = useLingui();
  const shown = new Set(fields.map((field) => field.name));

  function toggle(name: string) {
    const next = new Set(shown);
    if (!next.delete(name)) next.add(name);
    // In the order of the kind, so that columns keep their places.
    const names = kind.fields.map((field) => field.name).filter((each) => next.has(each));
    keepColumns(kind, names);
    put({ cols: names.join(',') });
  }

  return (
    <Popover position="bottom-end" width={260}>
      <Popover.Target>
        <ActionIcon
          size={30}
          variant="default"
          aria-label={t`Columns`}
          title={t`Columns`}
          className={classes.wide}
        >
          <IconColumns3 size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <ScrollArea.Autosize mah={380}>
          <Stack gap={8} p="sm">
            {kind.fields.map((field) => (
              <Checkbox
                key={field.name}
                size="xs"
                label={fieldLabel(field)}
                checked={shown.has(field.name)}
                disabled={field.name === kind.title}
                onChange={() => toggle(field.name)}
              />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
