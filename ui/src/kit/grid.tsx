import { Skeleton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import {
  type CSSProperties,
  type KeyboardEvent,
  memo,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import classes from './grid.module.css';
import { useRowsInSight } from './rows-in-sight';

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
  /** As wide as somebody has drawn it, in pixels. */
  drawn?: number | undefined;
  /** Stays in sight when the table is moved sideways. */
  pinned?: boolean;
  /** Whether the cell of a row can be changed where it stands. */
  editable?: ((row: Row) => boolean) | undefined;
}

/** How an edit in a cell ends: where the active cell goes. */
export type Leave = 'stay' | 'next' | 'before' | 'below';

const narrowest = 60;
const widest = 900;
const dragType = 'application/x-castellan-column';

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
  /** Whether there are more rows than these, on their way or not: their place is shown. */
  unended?: boolean;
  /** Told which rows are in sight, and a few around. */
  onSight?: ((from: number, to: number) => void) | undefined;
  sorting?: Sorting | undefined;
  onSort?: (next: Sorting) => void;
  opened?: string | undefined;
  href: (row: Row) => string;
  onOpen: (row: Row) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (next: Set<string>) => void;
  /** The words for ticking a row, and for ticking all that are loaded. */
  selectWords?: { row: (row: Row) => string; all: string };
  /** What stands in a cell while it is changed. It calls done when it has saved or was left. */
  editor?: ((row: Row, key: string, done: (where: Leave) => void) => ReactNode) | undefined;
  /** Called when somebody has drawn a column wider or narrower. */
  onResize?: ((key: string, width: number) => void) | undefined;
  /** Called when somebody has dragged a column to the place of another one. */
  onReorder?: ((key: string, to: string) => void) | undefined;
  /** The word for the handle by which a column is drawn wider. */
  resizeWord?: ((header: string) => string) | undefined;
  /** Shown instead of columns where there is little width. */
  narrow?: ((row: Row) => ReactNode) | undefined;
  rowHeight: number;
}

/** What a row can set off. It stays the same, so that a row that has not changed is not drawn anew. */
interface Acts<Row> {
  /** A press on the title of the row, or on a cell of it that cannot be changed. */
  choose: (index: number, row: Row) => void;
  /** A press on a cell that can be changed. */
  mark: (index: number, at: number) => void;
  tick: (index: number, range: boolean) => void;
  edit: (index: number, at: number) => void;
  leave: (where: Leave) => void;
}

// How many rows stand for those that are still on their way.
const awaited = 12;

/**
 * A table of any length: only the rows in sight exist. Arrows up and down move
 * between rows, Enter opens, X ticks. Arrows left and right go into the cells of
 * the row, where Enter or F2 changes one and Esc goes back to the row. The caller
 * fetches; the grid says when more is wanted.
 *
 * A press on the title opens the row at once, and so does one on a cell that
 * cannot be changed. A press on a cell that can be marks it, and another press on
 * a marked cell changes it: so a double click changes a cell and opens nothing,
 * and fingers, which have no double click, do the same with two taps.
 *
 * A row is drawn anew only when something of it has changed: `columns`, `href`,
 * `narrow` and `selectWords` should be the same from one drawing to the next.
 */
export function Grid<Row extends { id: string }>(props: Props<Row>) {
  const { columns, rows, narrow, rowHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState(-1);
  const [place, setPlace] = useState(-1); // the active cell; -1: the row as a whole
  const [editing, setEditing] = useState(false);
  const [drawing, setDrawing] = useState<{ key: string; width: number } | null>(null);
  const [over, setOver] = useState('');
  const anchor = useRef(-1);
  const selecting = !!props.onSelect;

  const { more, onMore, unended = false } = props;
  const places = rows.length + (unended && rows.length > 0 ? awaited : 0);
  const sight = useRowsInSight(scroller, places, rowHeight);

  const { onSight } = props;
  useEffect(() => onSight?.(sight.from, sight.to), [onSight, sight.from, sight.to]);

  // The next page is there before it is asked for, but not long before: what is
  // fetched counts as seen.
  useEffect(() => {
    if (more && rows.length > 0 && sight.to >= rows.length - 60) onMore();
  }, [more, onMore, sight.to, rows.length]);

  // A pinned column has one width, so that the next one knows where it begins.
  const fixed = (c: GridColumn<Row>) =>
    drawing?.key === c.key ? drawing.width : (c.drawn ?? (c.pinned ? c.min : undefined));
  const tracks = [selecting ? '36px' : '', ...columns.map((c) => (fixed(c) ? `${fixed(c)}px` : c.width))]
    .filter(Boolean)
    .join(' ');
  const least = columns.reduce((sum, c) => sum + (fixed(c) ?? c.min), selecting ? 36 : 0) + 20;
  const isNarrow = !!narrow;
  const layout = useMemo(
    () => (isNarrow ? undefined : { gridTemplateColumns: tracks, minWidth: least }),
    [isNarrow, tracks, least],
  );
  let edge = 8 + (selecting ? 36 : 0);
  const edges = columns
    .map((column) => {
      if (!column.pinned) return '';
      const here = edge;
      edge += fixed(column) ?? column.min;
      return String(here);
    })
    .join();
  const pins = useMemo(
    () => edges.split(',').map((at) => (at ? { insetInlineStart: Number(at) } : undefined)),
    [edges],
  );
  const anyPinned = pins.some(Boolean) || undefined;

  /** Moves the table so that the whole of a row is in sight, below the head. */
  function show(index: number) {
    const box = scroller.current;
    if (!box) return;
    const head = narrow ? 0 : ((box.firstElementChild as HTMLElement | null)?.offsetHeight ?? 0);
    const least = head + (index + 1) * rowHeight - box.clientHeight;
    const most = index * rowHeight;
    if (box.scrollTop > most) box.scrollTop = most;
    else if (box.scrollTop < least) box.scrollTop = least;
  }

  function move(to: number) {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setActive(next);
    show(next);
  }

  const editable = (index: number, at: number) => {
    const row = rows[index];
    return !!(row && props.editor && columns[at]?.editable?.(row));
  };

  function edit(index: number, at: number) {
    if (!editable(index, at)) return;
    setActive(index);
    setPlace(at);
    setEditing(true);
  }

  /** An edit has ended: the grid has the keys again, unless the next cell is to be changed at once. */
  function leave(where: Leave) {
    setEditing(false);
    const way = where === 'next' ? 1 : where === 'before' ? -1 : 0;
    if (way) {
      for (let at = place + way; at >= 0 && at < columns.length; at += way) {
        if (editable(active, at)) {
          setPlace(at);
          setEditing(true);
          return;
        }
      }
    }
    if (where === 'below') move(active + 1);
    scroller.current?.focus({ preventScroll: true });
  }

  function draw(event: PointerEvent<HTMLElement>, column: GridColumn<Row>) {
    event.preventDefault();
    event.stopPropagation();
    const handle = event.currentTarget;
    const start = event.clientX;
    const from = handle.parentElement?.getBoundingClientRect().width ?? column.min;
    let width = from;
    handle.setPointerCapture(event.pointerId);
    const onMove = (now: globalThis.PointerEvent) => {
      width = Math.round(Math.max(narrowest, Math.min(widest, from + now.clientX - start)));
      setDrawing({ key: column.key, width });
    };
    const onEnd = () => {
      handle.removeEventListener('pointermove', onMove);
      handle.removeEventListener('pointerup', onEnd);
      handle.removeEventListener('pointercancel', onEnd);
      setDrawing(null);
      if (width !== from) props.onResize?.(column.key, width);
    };
    handle.addEventListener('pointermove', onMove);
    handle.addEventListener('pointerup', onEnd);
    handle.addEventListener('pointercancel', onEnd);
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
      case 'ArrowRight':
        if (!narrow && active >= 0) setPlace(Math.min(columns.length - 1, place + 1));
        break;
      case 'ArrowLeft':
        setPlace(Math.max(-1, place - 1));
        break;
      case 'Escape':
        // From the cell back to the row; from the row on, Esc is the page's.
        if (place < 0) return;
        setPlace(-1);
        break;
      case 'F2': {
        const at = place >= 0 ? place : columns.findIndex((_, index) => editable(active, index));
        edit(active, at);
        break;
      }
      case 'Enter':
        if (place > 0 && editable(active, place)) edit(active, place);
        else if (row) props.onOpen(row);
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

  // Rows hold on to these; what they do is always that of the latest drawing.
  const latest = useRef<Acts<Row>>(null);
  useEffect(() => {
    latest.current = {
      choose: (index, row) => {
        if (editing) return;
        setActive(index);
        setPlace(-1);
        props.onOpen(row);
      },
      mark: (index, at) => {
        if (editing) return;
        if (index === active && at === place) return edit(index, at);
        setActive(index);
        setPlace(at);
        scroller.current?.focus({ preventScroll: true });
      },
      tick,
      edit,
      leave,
    };
  });
  const acts = useMemo<Acts<Row>>(
    () => ({
      choose: (index, row) => latest.current?.choose(index, row),
      mark: (index, at) => latest.current?.mark(index, at),
      tick: (index, range) => latest.current?.tick(index, range),
      edit: (index, at) => latest.current?.edit(index, at),
      leave: (where) => latest.current?.leave(where),
    }),
    [],
  );

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
      aria-activedescendant={
        active >= 0 ? (place >= 0 ? `${id}-${active}-${place}` : `${id}-${active}`) : undefined
      }
      onKeyDown={onKey}
      data-narrow={narrow ? true : undefined}
    >
      <div role="rowgroup" className={narrow ? 'unseen' : classes.head} style={layout && { minWidth: least }}>
        <div role="row" aria-rowindex={1} className={classes.headRow} style={layout}>
          {selecting && (
            <div role="columnheader" className={classes.tick} data-pinned={anyPinned}>
              <input
                type="checkbox"
                className={classes.box}
                checked={all}
                ref={(box) => {
                  if (box) box.indeterminate = some;
                }}
                aria-label={props.selectWords?.all ?? ''}
                onChange={() => props.onSelect?.(all ? new Set() : new Set(rows.map((row) => row.id)))}
              />
            </div>
          )}
          {columns.map((column, at) => {
            const sorted = props.sorting?.key === column.key;
            const down = sorted && props.sorting?.down;
            return (
              <div
                key={column.key}
                role="columnheader"
                className={classes.th}
                data-end={column.end || undefined}
                data-pinned={column.pinned || undefined}
                data-over={over === column.key || undefined}
                style={pins[at]}
                aria-sort={sorted ? (down ? 'descending' : 'ascending') : undefined}
                draggable={!!props.onReorder && !drawing}
                onDragStart={(event) => {
                  event.dataTransfer.effectAllowed = 'move';
                  event.dataTransfer.setData(dragType, column.key);
                }}
                onDragOver={(event) => {
                  if (!event.dataTransfer.types.includes(dragType)) return;
                  event.preventDefault();
                  setOver(column.key);
                }}
                onDragLeave={() => setOver('')}
                onDrop={(event) => {
                  setOver('');
                  const key = event.dataTransfer.getData(dragType);
                  if (key && key !== column.key) props.onReorder?.(key, column.key);
                }}
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
                {props.onResize && (
                  <span
                    className={classes.handle}
                    title={props.resizeWord?.(column.header)}
                    aria-hidden
                    onPointerDown={(event) => draw(event, column)}
                  />
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
          style={{ height: places * rowHeight, minWidth: narrow ? undefined : least }}
        >
          {rows.slice(sight.from, sight.to).map((row, nth) => {
            const index = sight.from + nth;
            const isActive = index === active;
            const edited = isActive && editing;
            return (
              <GridRow
                key={row.id}
                id={id}
                index={index}
                row={row}
                columns={columns}
                layout={layout}
                pins={pins}
                anyPinned={anyPinned}
                height={rowHeight}
                active={isActive}
                place={isActive ? place : -1}
                opened={row.id === props.opened}
                ticked={selecting ? (props.selected?.has(row.id) ?? false) : undefined}
                tickWord={props.selectWords?.row}
                href={props.href}
                narrow={narrow}
                editing={edited}
                editable={!!props.editor}
                editor={edited ? props.editor : undefined}
                acts={acts as Acts<{ id: string }>}
              />
            );
          })}
          {sight.to > rows.length &&
            Array.from({ length: Math.min(sight.to, places) - rows.length }, (_, nth) => (
              <div
                key={nth}
                aria-hidden
                className={classes.awaited}
                style={{ height: rowHeight, top: (rows.length + nth) * rowHeight }}
              >
                <i style={{ width: `${14 + ((nth * 37) % 20)}%` }} />
              </div>
            ))}
        </div>
      )}
    </div>
  );
}

interface RowProps<Row> {
  id: string;
  index: number;
  row: Row;
  columns: GridColumn<Row>[];
  layout: CSSProperties | undefined;
  pins: (CSSProperties | undefined)[];
  anyPinned: true | undefined;
  height: number;
  active: boolean;
  place: number;
  opened: boolean;
  /** Undefined where nothing can be ticked. */
  ticked: boolean | undefined;
  tickWord: ((row: Row) => string) | undefined;
  href: (row: Row) => string;
  narrow: ((row: Row) => ReactNode) | undefined;
  editing: boolean;
  /** Whether the list has an editor at all. */
  editable: boolean;
  editor: Props<Row & { id: string }>['editor'];
  acts: Acts<Row>;
}

const GridRow = memo(RowInGrid) as typeof RowInGrid;

/** One row: plain elements with classes, since hundreds of them pass in a second. */
function RowInGrid<Row extends { id: string }>(props: RowProps<Row>) {
  const { id, index, row, columns, acts, place, ticked } = props;
  return (
    <div
      id={`${id}-${index}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={ticked}
      className={classes.row}
      data-active={props.active || undefined}
      data-opened={props.opened || undefined}
      data-ticked={ticked || undefined}
      data-editing={props.editing || undefined}
      style={{ height: props.height, top: index * props.height, ...props.layout }}
      onClick={(event) => {
        // Where there is no room for a box of its own, a press on the row is one on its box.
        if (props.narrow && ticked !== undefined) acts.tick(index, event.shiftKey);
        else if (window.getSelection()?.type !== 'Range') acts.choose(index, row);
      }}
    >
      {props.narrow ? (
        <div role="gridcell" className={classes.narrow} data-ticks={ticked !== undefined || undefined}>
          {ticked !== undefined && (
            <input
              type="checkbox"
              className={classes.box}
              tabIndex={-1}
              checked={ticked}
              aria-label={props.tickWord?.(row) ?? ''}
              onChange={() => {}}
            />
          )}
          {props.narrow(row)}
        </div>
      ) : (
        <>
          {ticked !== undefined && (
            <div
              role="gridcell"
              className={classes.tick}
              data-pinned={props.anyPinned}
              onClick={(event) => event.stopPropagation()}
            >
              <input
                type="checkbox"
                className={classes.box}
                tabIndex={-1}
                checked={ticked}
                aria-label={props.tickWord?.(row) ?? ''}
                onChange={() => {}}
                onClick={(event) => acts.tick(index, event.shiftKey)}
              />
            </div>
          )}
          {columns.map((column, at) => {
            const changes = at > 0 && props.editable && !!column.editable?.(row);
            return (
              <div
                key={column.key}
                id={`${id}-${index}-${at}`}
                role="gridcell"
                className={classes.td}
                data-end={column.end || undefined}
                data-pinned={column.pinned || undefined}
                data-cell={at === place || undefined}
                data-changes={changes || undefined}
                data-editing={(props.editing && at === place) || undefined}
                data-late={at >= columns.length / 2 || undefined}
                style={props.pins[at]}
                onClick={
                  changes
                    ? (event) => {
                        event.stopPropagation();
                        if (window.getSelection()?.type !== 'Range') acts.mark(index, at);
                      }
                    : undefined
                }
                // The second press has selected the word beneath it, which is no reason not to change the cell.
                onDoubleClick={changes ? () => acts.edit(index, at) : undefined}
              >
                {props.editor && at === place ? (
                  // biome-ignore lint/a11y/noStaticElementInteractions: a press inside is the editor's own
                  <div className={classes.editor} onClick={(event) => event.stopPropagation()}>
                    {props.editor(row, column.key, acts.leave)}
                  </div>
                ) : at === 0 ? (
                  <a
                    href={props.href(row)}
                    tabIndex={-1}
                    className={classes.title}
                    onClick={(event) => {
                      event.stopPropagation();
                      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                      event.preventDefault();
                      acts.choose(index, row);
                    }}
                  >
                    {column.cell(row)}
                  </a>
                ) : (
                  column.cell(row)
                )}
              </div>
            );
          })}
        </>
      )}
    </div>
  );
}
