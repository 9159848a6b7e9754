import type { Field, Kind } from '../../api/kinds';
import type { Sorting } from '../../kit/grid';

/** A column as somebody arranged it. */
export interface Column {
  field: Field;
  /** In pixels; absent: as it comes. */
  width?: number;
  /** Stays in sight when the list is moved sideways. */
  pinned?: boolean;
}

// What a list shows until somebody chooses otherwise. A kind that is not named
// shows its first fields.
const usual: Record<string, string[]> = {
  contact: ['name', 'phones', 'emails', 'company', 'tags', 'responsible', 'updated_at'],
  company: ['name', 'phones', 'city', 'tags', 'responsible', 'updated_at'],
  deal: ['title', 'stage', 'amount', 'contact', 'next_step', 'expected_close', 'responsible'],
  task: ['title', 'due', 'done', 'contact', 'deal', 'responsible'],
  appointment: ['title', 'starts_at', 'contact', 'service', 'status', 'price', 'responsible'],
  invoice: ['title', 'number', 'status', 'gross', 'contact', 'company', 'due_on', 'responsible'],
  call: ['title', 'contact', 'direction', 'outcome', 'number', 'began_at', 'responsible'],
  message: ['subject', 'contact', 'channel', 'direction', 'delivery', 'at', 'responsible'],
  prospect: ['name', 'status', 'contact', 'company_name', 'phones', 'emails', 'list', 'responsible'],
  prospect_list: ['name', 'source', 'closed', 'responsible', 'created_at'],
  legal_entity: ['name', 'tax_id', 'country', 'ours', 'company', 'responsible'],
  process: ['title', 'stage', 'deal', 'contact', 'due', 'responsible'],
};

/** What comes next with a record. It is no field of it: the list asks for it row by row. */
export const nextStepColumn = 'next_step';

const nextStep: Field = {
  name: nextStepColumn,
  type: 'text',
  class: 'open',
  labels: { en: 'Next step', ru: 'Следующий шаг', it: 'Prossimo passo', pl: 'Następny krok' },
  house: true,
  writable: false,
  sight: {},
};

/** What can be a column of a list. */
export const columnsOf = (kind: Kind): Field[] =>
  kind.name === 'contact' || kind.name === 'deal' ? [...kind.fields, nextStep] : kind.fields;

const storage = (kind: Kind) => `castellan.columns.${kind.name}`;

export const narrowest = 60;
export const widest = 900;

/** Reads "!name~240,phones": the columns in their order, "!" before one that is pinned, its width after "~". */
export function readColumns(kind: Kind, line: string): Column[] {
  const seen = new Set<string>();
  return line.split(',').flatMap((word) => {
    const match = /^(!?)([a-z0-9_]+)(?:~(\d{1,4}))?$/.exec(word);
    const field = match && columnsOf(kind).find((each) => each.name === match[2]);
    if (!field || seen.has(field.name)) return [];
    seen.add(field.name);
    const width = match[3] ? Math.max(narrowest, Math.min(widest, Number(match[3]))) : undefined;
    return [{ field, ...(width ? { width } : {}), ...(match[1] ? { pinned: true } : {}) }];
  });
}

export const writeColumns = (columns: Column[]) =>
  columns
    .map(({ field, width, pinned }) => `${pinned ? '!' : ''}${field.name}${width ? `~${width}` : ''}`)
    .join(',');

/**
 * The columns that the list shows: of the address, else as last chosen here,
 * else the usual ones. The title comes first, and pinned ones after it.
 */
export function chosenColumns(kind: Kind, cols: string | undefined): Column[] {
  const line = cols ?? localStorage.getItem(storage(kind)) ?? usualLine(kind);
  return inOrder(kind, readColumns(kind, line));
}

export const usualLine = (kind: Kind) =>
  (usual[kind.name] ?? kind.fields.slice(0, 7).map((field) => field.name)).join(',');

/** The title first, then what is pinned, then the rest. */
export function inOrder(kind: Kind, columns: Column[]): Column[] {
  const field = kind.fields.find((each) => each.name === kind.title);
  const title = columns.find((each) => each.field.name === kind.title) ?? (field ? { field } : undefined);
  const others = columns.filter((each) => each.field.name !== kind.title);
  return [
    ...(title ? [title] : []),
    ...others.filter((each) => each.pinned),
    ...others.filter((each) => !each.pinned),
  ];
}

/** Moves a column to the place of another one. */
export function moved(kind: Kind, columns: Column[], name: string, to: string): Column[] {
  const from = columns.findIndex((each) => each.field.name === name);
  const at = columns.findIndex((each) => each.field.name === to);
  const column = columns[from];
  if (!column || at < 0 || from === at) return columns;
  const rest = columns.filter((_, place) => place !== from);
  rest.splice(at, 0, { ...column, pinned: !!columns[at]?.pinned && to !== kind.title });
  return inOrder(kind, rest);
}

/** The columns as last chosen here, if they are not the usual ones. */
export function keptLine(kind: Kind): string | undefined {
  const line = localStorage.getItem(storage(kind));
  return line && line !== writeColumns(inOrder(kind, readColumns(kind, usualLine(kind)))) ? line : undefined;
}

export const keepColumns = (kind: Kind, columns: Column[]) =>
  localStorage.setItem(storage(kind), writeColumns(columns));

/** Room for a field by what it holds. */
export function track(field: Field, title: boolean): { width: string; min: number } {
  if (title) return { width: 'minmax(190px, 1.7fr)', min: 190 };
  if (field.name === nextStepColumn) return { width: 'minmax(190px, 1.2fr)', min: 190 };
  switch (field.type) {
    case 'bool':
      return { width: '90px', min: 90 };
    case 'date':
    case 'datetime':
      return { width: 'minmax(136px, 0.7fr)', min: 136 };
    case 'integer':
    case 'number':
    case 'money':
      return { width: 'minmax(100px, 0.6fr)', min: 100 };
    case 'phones':
      return { width: 'minmax(176px, 0.9fr)', min: 176 };
    case 'emails':
    case 'longtext':
      return { width: 'minmax(170px, 1.2fr)', min: 170 };
    default:
      return { width: 'minmax(132px, 1fr)', min: 132 };
  }
}

export function readSorting(sort: string | undefined): Sorting | undefined {
  if (!sort) return undefined;
  return sort.startsWith('-') ? { key: sort.slice(1), down: true } : { key: sort, down: false };
}

export const sortingWord = (sorting: Sorting) => (sorting.down ? `-${sorting.key}` : sorting.key);
