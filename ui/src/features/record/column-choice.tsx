import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Checkbox, ScrollArea } from '@mantine/core';
import { IconGripVertical, IconPin, IconPinFilled } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import type { Kind } from '../../api/kinds';
import { fieldLabel } from '../../kit/words';
import classes from './column-choice.module.css';
import { type Column, columnsOf, inOrder, moved } from './columns';

interface Props {
  kind: Kind;
  columns: Column[];
  onChange: (next: Column[]) => void;
  onUsual: () => void;
}

/** Which fields a list shows, in what order, and which of them stay in sight. */
export default function ColumnChoice({ kind, columns, onChange, onUsual }: Props) {
  const { t } = useLingui();
  const [held, setHeld] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const others = columnsOf(kind).filter((field) => !columns.some((each) => each.field.name === field.name));

  function step(event: KeyboardEvent, column: Column) {
    const way = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const place = columns.indexOf(column);
    const to = columns[place + way];
    if (!way || !to || to.field.name === kind.title) return;
    event.preventDefault();
    const next = moved(kind, columns, column.field.name, to.field.name);
    onChange(next);
    const at = next.findIndex((each) => each.field.name === column.field.name) + 1;
    setSaid(t`${fieldLabel(column.field)}: place ${at} of ${next.length}`);
  }

  return (
    <ScrollArea.Autosize mah={420}>
      <ul className={classes.list} aria-label={t`Columns that are shown`}>
        {columns.map((column) => {
          const { name } = column.field;
          const label = fieldLabel(column.field);
          const fixed = name === kind.title;
          return (
            <li
              key={name}
              className={classes.row}
              data-over={(over === name && held !== name) || undefined}
              draggable={!fixed}
              onDragStart={(event) => {
                event.dataTransfer.effectAllowed = 'move';
                event.dataTransfer.setData('text/plain', name);
                setHeld(name);
              }}
              onDragOver={(event) => {
                if (!held || fixed) return;
                event.preventDefault();
                setOver(name);
              }}
              onDrop={(event) => {
                event.preventDefault();
                if (held) onChange(moved(kind, columns, held, name));
              }}
              onDragEnd={() => {
                setHeld(null);
                setOver(null);
              }}
            >
              <ActionIcon
                size={22}
                className={classes.grip}
                disabled={fixed}
                aria-label={t`Move ${label}: arrow keys up and down`}
                onKeyDown={(event) => step(event, column)}
              >
                <IconGripVertical size={14} />
              </ActionIcon>
              <Checkbox
                size="xs"
                label={label}
                className={classes.label}
                checked
                disabled={fixed}
                onChange={() => onChange(columns.filter((each) => each !== column))}
              />
              <ActionIcon
                size={22}
                aria-pressed={fixed || !!column.pinned}
                disabled={fixed}
                aria-label={t`Keep ${label} in sight`}
                title={t`Keep in sight when the list is moved sideways`}
                onClick={() =>
                  onChange(
                    inOrder(
                      kind,
                      columns.map((each) => (each === column ? { ...each, pinned: !each.pinned } : each)),
                    ),
                  )
                }
              >
                {fixed || column.pinned ? <IconPinFilled size={14} /> : <IconPin size={14} />}
              </ActionIcon>
            </li>
          );
        })}
      </ul>
      {others.length > 0 && (
        <ul className={classes.list} data-rest aria-label={t`Columns that are not shown`}>
          {others.map((field) => (
            <li key={field.name} className={classes.row}>
              <span className={classes.grip} />
              <Checkbox
                size="xs"
                className={classes.label}
                label={fieldLabel(field)}
                checked={false}
                onChange={() => onChange(inOrder(kind, [...columns, { field }]))}
              />
            </li>
          ))}
        </ul>
      )}
      <div className={classes.foot}>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={onUsual}>
          <Trans>The usual columns</Trans>
        </Button>
      </div>
      <output className="unseen">{said}</output>
    </ScrollArea.Autosize>
  );
}
