import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Drawer, Group, SegmentedControl, Select, Stack } from '@mantine/core';
import { IconChecks, IconColumns3, IconCopyCheck, IconFileExport, IconFileImport } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Kind } from '../../api/kinds';
import { fieldLabel } from '../../kit/words';
import ColumnChoice from './column-choice';
import { type Column, chosenColumns, readSorting, sortingWord, usualLine } from './columns';

interface Props {
  kind: Kind;
  sort: string | undefined;
  onSort: (sort: string) => void;
  columns: Column[];
  onColumns: (next: Column[]) => void;
  onTick?: () => void;
  onExport?: () => void;
  importAt?: string;
  twinsAt?: string;
  onClose: () => void;
}

/** What can be done with a list where its bar and its head have no room: on a phone. */
export default function ListMenu(props: Props) {
  const { t } = useLingui();
  const { kind, onClose } = props;
  const [choosing, setChoosing] = useState(false);
  const sorting = readSorting(props.sort);
  const sortable = kind.fields.filter((field) => field.sort);
  const after = (act: (() => void) | undefined) =>
    act &&
    (() => {
      onClose();
      act();
    });

  return (
    <Drawer
      opened
      onClose={onClose}
      position="bottom"
      size="auto"
      title={t`This list`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <Stack gap="xs" pb="md">
        {sortable.length > 0 && (
          <Group gap="xs" align="flex-end" wrap="nowrap" mb="xs">
            <Select
              style={{ flex: 1 }}
              label={t`In the order of`}
              clearable
              data={sortable.map((field) => ({ value: field.name, label: fieldLabel(field) }))}
              value={sorting?.key ?? null}
              onChange={(key) => props.onSort(key ? sortingWord({ key, down: sorting?.down ?? false }) : '')}
            />
            {sorting && (
              <SegmentedControl
                aria-label={t`Which way round`}
                value={sorting.down ? 'down' : 'up'}
                onChange={(way) => props.onSort(sortingWord({ key: sorting.key, down: way === 'down' }))}
                data={[
                  { value: 'up', label: t`Ascending` },
                  { value: 'down', label: t`Descending` },
                ]}
              />
            )}
          </Group>
        )}
        <Entry icon={<IconChecks size={18} />} onClick={after(props.onTick)}>
          <Trans>Choose several</Trans>
        </Entry>
        <Entry icon={<IconColumns3 size={18} />} onClick={() => setChoosing(!choosing)} open={choosing}>
          <Trans>Columns</Trans>
        </Entry>
        {choosing && (
          <ColumnChoice
            kind={kind}
            columns={props.columns}
            onChange={props.onColumns}
            onUsual={() => props.onColumns(chosenColumns(kind, usualLine(kind)))}
          />
        )}
        <Entry icon={<IconFileExport size={18} />} onClick={after(props.onExport)}>
          <Trans>Export…</Trans>
        </Entry>
        <Entry icon={<IconFileImport size={18} />} to={props.importAt}>
          <Trans>Import</Trans>
        </Entry>
        <Entry icon={<IconCopyCheck size={18} />} to={props.twinsAt}>
          <Trans>Probable duplicates</Trans>
        </Entry>
      </Stack>
    </Drawer>
  );
}

/** One line of the menu; without anything to do there is none. */
function Entry({
  icon,
  onClick,
  to,
  open,
  children,
}: {
  icon: ReactNode;
  onClick?: (() => void) | undefined;
  to?: string | undefined;
  open?: boolean;
  children: ReactNode;
}) {
  if (!onClick && !to) return null;
  const look = {
    variant: 'subtle',
    color: 'gray',
    size: 'md',
    justify: 'flex-start',
    leftSection: icon,
    fullWidth: true,
  } as const;
  return to ? (
    <Button component={Link} to={to} {...look}>
      {children}
    </Button>
  ) : (
    <Button onClick={onClick} aria-expanded={open} {...look}>
      {children}
    </Button>
  );
}
