import type { Field, Kind } from '../../api/kinds';
import type { Sorting } from '../../kit/grid';

// What a list shows until somebody chooses otherwise. A kind that is not named
// shows its first fields.
const usual: Record<string, string[]> = {
  contact: ['name', 'phones', 'emails', 'company', 'tags', 'responsible', 'updated_at'],
  company: ['name', 'phones', 'city', 'tags', 'responsible', 'updated_at'],
  deal: ['title', 'stage', 'amount', 'contact', 'expected_close', 'responsible', 'updated_at'],
  task: ['title', 'due', 'done', 'contact', 'deal', 'responsible'],
};

const storage = (kind: Kind) => `castellan.columns.${kind.name}`;

/** The fields that the list shows: of the address, else as last chosen here, else the usual ones. */
export function chosenColumns(kind: Kind, cols: string | undefined): Field[] {
  const names =
    cols?.split(',') ??
    localStorage.getItem(storage(kind))?.split(',') ??
    usual[kind.name] ??
    kind.fields.slice(0, 7).map((field) => field.name);
  const others = names.filter((name) => name !== kind.title);
  return [kind.title, ...others].flatMap((name) => kind.fields.find((field) => field.name === name) ?? []);
}

export const keepColumns = (kind: Kind, names: string[]) =>
  localStorage.setItem(storage(kind), names.join(','));

/** Room for a field by what it holds. */
export function track(field: Field, title: boolean): { width: string; min: number } {
  if (title) return { width: 'minmax(190px, 1.7fr)', min: 190 };
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
