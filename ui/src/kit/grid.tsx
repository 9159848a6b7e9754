import { Checkbox, Skeleton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import classes from './grid.module.css';

export interface GridColumn<Row> {
  key: string;
  header: string;
  /** A CSS grid track, as "minmax(180px, 2fr)". */
  width: string;
  /** Narrowest width in pixels; wider tables scroll sideways. */
  min: number;
  cell: (row: Row) => ReactNode;
  sortable?: boolean;
  end?: boolean;
}

export interface Sorting {
  key: string;
  down: boolean;
}

interface Props<Row extends { id: string }> {
  label: string;
  columns: GridColumn<Row>[];
  rows: Row[];
  loading: boolean;
  /** Called as the last rows come near, while `more` is true. */
  more: boolean;
  onMore: () => void;
  sorting?: Sorting | undefined;
  onSort?: (next: Sorting) => void;
  opened?: string | undefined;
  href: (row: Row) => string;
  onOpen: (row: Row) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (next: Set<string>) => void;
  /** The words for ticking a row, and for ticking all that are loaded. */
  selectWords?: { row: (row: Row) => string; all: string };
  /** Shown instead of columns where there is little width. */
  narrow?: ((row: Row) => ReactNode) | undefined;
  rowHeight: number;
}

/**
 * A table of any length: only the rows in sight exist. Arrows move, Enter
 * opens, X ticks. The caller fetches; the grid says when more is wanted.
 */
export function Grid<Row extends { id: string }>(props: Props<Row>) {
  const { columns, rows, narrow, rowHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState(-1);
  const anchor = useRef(-1);
  const selecting = !!props.onSelect;

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const { more, onMore } = props;

  // The next page is there before it is asked for: two screens ahead.
  useEffect(() => {
    if (more && rows.length > 0 && last >= rows.length - 40) onMore();
  }, [more, onMore, last, rows.length]);

  const tracks = [selecting ? '36px' : '', ...columns.map((c) => c.width)].filter(Boolean).join(' ');
  const least = columns.reduce((sum, c) => sum + c.min, selecting ? 36 : 0);
  const layout = narrow ? undefined : { gridTemplateColumns: tracks, minWidth: least };

  function move(to: number) {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setActive(next);
    virtual.scrollToIndex(next);
  }

  function tick(index: number, range: boolean) {
    const row = rows[index];
    if (!row || !props.onSelect) return;
    const next = new Set(props.selected);
    if (range && anchor.current >= 0) {
      const [from, to] = anchor.current < index ? [anchor.current, index] : [index, anchor.current];
      for (const each of rows.slice(from, to + 1)) next.add(each.id);
    } else if (next.has(row.id)) next.delete(row.id);
    else next.add(row.id);
    anchor.current = index;
    props.onSelect(next);
  }

  function onKey(event: KeyboardEvent<HTMLDivElement>) {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const row = rows[active];
    switch (event.key) {
      case 'ArrowDown':
      case 'j':
        move(active + 1);
        break;
      case 'ArrowUp':
      case 'k':
        move(active - 1);
        break;
      case 'PageDown':
        move(active + page);
        break;
      case 'PageUp':
        move(active - page);
        break;
      case 'Home':
        move(0);
        break;
      case 'End':
        move(rows.length - 1);
        break;
      case 'Enter':
        if (row) props.onOpen(row);
        break;
      case 'x':
      case ' ':
        if (row && selecting) tick(active, event.shiftKey);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  const all = rows.length > 0 && rows.every((row) => props.selected?.has(row.id));
  const some = !all && (props.selected?.size ?? 0) > 0;

  return (
    <div
      ref={scroller}
      className={classes.grid}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={props.more ? -1 : rows.length + 1}
      aria-busy={props.loading}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      onKeyDown={onKey}
      data-narrow={narrow ? true : undefined}
    >
      <div role="rowgroup" className={narrow ? 'unseen' : classes.head} style={layout && { minWidth: least }}>
        <div role="row" aria-rowindex={1} className={classes.headRow} style={layout}>
          {selecting && (
            <div role="columnheader" className={classes.tick}>
              <Checkbox
                size="xs"
                checked={all}
                indeterminate={some}
                aria-label={props.selectWords?.all ?? ''}
                onChange={() => props.onSelect?.(all ? new Set() : new Set(rows.map((row) => row.id)))}
              />
            </div>
          )}
          {columns.map((column) => {
            const sorted = props.sorting?.key === column.key;
            const down = sorted && props.sorting?.down;
            return (
              <div
                key={column.key}
                role="columnheader"
                className={classes.th}
                data-end={column.end || undefined}
                aria-sort={sorted ? (down ? 'descending' : 'ascending') : undefined}
              >
                {column.sortable && props.onSort ? (
                  <button
                    type="button"
                    className={classes.sort}
                    data-sorted={sorted || undefined}
                    onClick={() => props.onSort?.({ key: column.key, down: sorted ? !down : false })}
                  >
                    <span className={classes.clip}>{column.header}</span>
                    {sorted && (down ? <IconArrowDown size={13} /> : <IconArrowUp size={13} />)}
                  </button>
                ) : (
                  <span className={classes.clip}>{column.header}</span>
                )}
              </div>
            );
          })}
        </div>
      </div>
      {props.loading && rows.length === 0 ? (
        <div role="rowgroup" style={layout && { minWidth: least }}>
          {Array.from({ length: 14 }, (_, index) => (
            <div key={index} role="row" className={classes.bones} style={{ height: rowHeight, ...layout }}>
              {(narrow ? columns.slice(0, 1) : columns).map((column, place) => (
                <div
                  key={column.key}
                  role="gridcell"
                  className={classes.td}
                  style={place === 0 && selecting && !narrow ? { gridColumn: '2' } : undefined}
                >
                  <Skeleton height={10} width={`${35 + ((index * 37 + place * 23) % 45)}%`} radius="sm" />
                </div>
              ))}
            </div>
          ))}
        </div>
      ) : (
        <div
          role="rowgroup"
          className={classes.body}
          style={{ height: virtual.getTotalSize(), minWidth: narrow ? undefined : least }}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div
                key={row.id}
                id={`${id}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={selecting ? (props.selected?.has(row.id) ?? false) : undefined}
                className={classes.row}
                data-active={item.index === active || undefined}
                data-opened={row.id === props.opened || undefined}
                data-ticked={props.selected?.has(row.id) || undefined}
                style={{ height: rowHeight, transform: `translateY(${item.start}px)`, ...layout }}
                onClick={() => {
                  if (window.getSelection()?.type === 'Range') return;
                  setActive(item.index);
                  props.onOpen(row);
                }}
              >
                {narrow ? (
                  <div role="gridcell" className={classes.narrow}>
                    {narrow(row)}
                  </div>
                ) : (
                  <>
                    {selecting && (
                      <div
                        role="gridcell"
                        className={classes.tick}
                        onClick={(event) => event.stopPropagation()}
                      >
                        <Checkbox
                          size="xs"
                          tabIndex={-1}
                          checked={props.selected?.has(row.id) ?? false}
                          aria-label={props.selectWords?.row(row) ?? ''}
                          onChange={() => {}}
                          onClick={(event) => tick(item.index, event.shiftKey)}
                        />
                      </div>
                    )}
                    {columns.map((column, place) => (
                      <div
                        key={column.key}
                        role="gridcell"
                        className={classes.td}
                        data-end={column.end || undefined}
                      >
                        {place === 0 ? (
                          <a
                            href={props.href(row)}
                            tabIndex={-1}
                            className={classes.title}
                            onClick={(event) => {
                              if (event.metaKey || event.ctrlKey || event.shiftKey)
                                return event.stopPropagation();
                              event.preventDefault();
                              event.stopPropagation();
                              setActive(item.index);
                              props.onOpen(row);
                            }}
                          >
                            {column.cell(row)}
                          </a>
                        ) : (
                          column.cell(row)
                        )}
                      </div>
                    ))}
                  </>
                )}
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}
