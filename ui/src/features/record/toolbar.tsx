import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconColumns3, IconSearch, IconX } from '@tabler/icons-react';
import { type ReactNode, Suspense, useEffect, useState } from 'react';
import type { Kind } from '../../api/kinds';
import { exactCount, type Question } from '../../api/records';
import { useTell } from '../../kit/failure';
import { FilterBar } from '../../kit/filter/filter-bar';
import { later, part } from '../../kit/later';
import { Popup } from '../../kit/popup';
import { writing } from '../../text';
import type { ListSearch } from './address';
import { type Column, chosenColumns, usualLine } from './columns';
import classes from './toolbar.module.css';

const ColumnChoice = part(later(() => import('./column-choice')));

interface Props {
  kind: Kind;
  search: ListSearch;
  put: (next: Partial<ListSearch>) => void;
  columns: Column[];
  onColumns: (next: Column[]) => void;
  question: Question;
  capped: boolean;
  /** Cards of a board show the same for everybody. */
  onBoard: boolean;
  actions: ReactNode;
}

/** Search, filter and columns of a list, and what can be done there. */
export function Toolbar({
  kind,
  search,
  put,
  columns,
  onColumns,
  question,
  capped,
  onBoard,
  actions,
}: Props) {
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
        {!onBoard && <Columns kind={kind} columns={columns} onColumns={onColumns} />}
        {actions}
      </div>
    </div>
  );
}

function Columns({ kind, columns, onColumns }: Pick<Props, 'kind' | 'columns' | 'onColumns'>) {
  const { t } = useLingui();
  const [opened, setOpened] = useState(false);
  return (
    <Popup
      label={t`Columns`}
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      width={290}
      padding={0}
      target={
        <ActionIcon
          size={30}
          variant="default"
          aria-label={t`Columns`}
          title={t`Columns`}
          aria-expanded={opened}
          className={classes.wide}
          onClick={() => setOpened((now) => !now)}
        >
          <IconColumns3 size={16} />
        </ActionIcon>
      }
    >
      <Suspense>
        <ColumnChoice
          kind={kind}
          columns={columns}
          onChange={onColumns}
          onUsual={() => onColumns(chosenColumns(kind, usualLine(kind)))}
        />
      </Suspense>
    </Popup>
  );
}
