import type { Field, Kind } from '../../api/kinds';
import type { Values } from '../../api/records';

// Rows as they are copied from a spreadsheet or a file: what separates them is
// guessed, what each column is, too, and whoever pastes has the last word.

/** Where a column goes: into a field, into the note with its heading, or nowhere. */
export type Goes = string | 'note+' | '';

/** The cells of a text, without empty rows. */
export function cellsOf(text: string): string[][] {
  const first = text.slice(0, text.search(/\r?\n/) < 0 ? undefined : text.search(/\r?\n/));
  const mark = ['\t', ';', ','].find((each) => first.includes(each)) ?? '\t';
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    row.push(cell.trim());
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (row.some(Boolean)) rows.push(row);
    row = [];
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') {
        cell += sign;
        at++;
      } else quoted = false;
    } else if (sign === '"' && !cell.trim()) {
      quoted = true;
      cell = '';
    } else if (sign === mark) endCell();
    else if (sign === '\n') endRow();
    else if (sign !== '\r') cell += sign;
  }
  endRow();
  const width = Math.max(0, ...rows.map((each) => each.length));
  return rows.map((each) => [...each, ...Array<string>(width - each.length).fill('')]);
}

const types = ['text', 'longtext', 'url', 'phones', 'emails', 'tags'];

/** The fields into which a column can go. */
export const targets = (kind: Kind): Field[] =>
  kind.fields.filter((field) => !field.house && field.writable !== false && types.includes(field.type));

const plain = (word: string) => word.toLocaleLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

// Headings as other programs write them, beside the names of the fields themselves.
const also: Record<string, string[]> = {
  name: ['fullname', 'contact', 'client', 'имя', 'фио', 'клиент', 'nome', 'imię', 'nazwa', 'nazwisko'],
  phones: ['phone', 'tel', 'telephone', 'mobile', 'телефон', 'telefono', 'telefon'],
  emails: ['email', 'mail', 'почта', 'эл', 'posta'],
  company_name: ['organization', 'organisation', 'firm', 'компания', 'фирма', 'azienda', 'firma'],
  website: ['url', 'web', 'site', 'сайт', 'sito', 'strona'],
  note: ['comment', 'notes', 'комментарий', 'заметка', 'commento', 'uwagi'],
};

const named = (fields: Field[], heading: string): Field | undefined => {
  const word = plain(heading);
  if (!word) return undefined;
  return fields.find((field) =>
    [field.name, ...Object.values(field.labels ?? {}), ...(also[field.name] ?? [])].some(
      (each) => each && plain(each) === word,
    ),
  );
};

/** Whether the first row says what the columns are. */
export const hasHead = (kind: Kind, cells: string[][]): boolean =>
  cells.length > 1 && (cells[0] ?? []).some((cell) => !!named(targets(kind), cell));

/** What each column is taken for. A field is taken once; what is left goes into the note. */
export function guess(kind: Kind, cells: string[][], head: boolean): Goes[] {
  const fields = targets(kind);
  const taken = new Set<string>();
  const take = (name: string | undefined): Goes | undefined => {
    if (!name || taken.has(name) || !fields.some((field) => field.name === name)) return undefined;
    taken.add(name);
    return name;
  };
  const columns = cells[0]?.length ?? 0;
  const body = head ? cells.slice(1) : cells;
  const found: (Goes | undefined)[] = Array.from({ length: columns }, (_, at) =>
    head ? take(named(fields, cells[0]?.[at] ?? '')?.name) : undefined,
  );
  for (let at = 0; at < columns; at++) {
    if (found[at] !== undefined) continue;
    const values = body.map((row) => row[at] ?? '').filter(Boolean);
    const most = (test: RegExp) =>
      values.length > 0 && values.filter((each) => test.test(each)).length * 2 > values.length;
    if (most(/^\S+@\S+\.\S+$/)) found[at] = take('emails');
    else if (most(/^\+?[\d\s().-]{7,}$/)) found[at] = take('phones');
    else if (most(/^https?:\/\//)) found[at] = take('website');
  }
  for (let at = 0; at < columns; at++) {
    if (found[at] === undefined && !taken.has(kind.title)) found[at] = take(kind.title);
  }
  return found.map((each) => each ?? 'note+');
}

/** The values of each row; a row without a title gets the first thing that it has. */
export function valuesOf(kind: Kind, cells: string[][], goes: Goes[], head: boolean): Values[] {
  const fields = targets(kind);
  return (head ? cells.slice(1) : cells).map((row) => {
    const values: Values = {};
    const notes: string[] = [];
    row.forEach((cell, at) => {
      const to = goes[at] ?? '';
      if (!cell || !to) return;
      const field = fields.find((each) => each.name === to);
      if (!field) {
        const heading = head ? cells[0]?.[at] : '';
        notes.push(heading ? `${heading}: ${cell}` : cell);
      } else if (field.type === 'phones') values[to] = parts(cell).map((number) => ({ number }));
      else if (field.type === 'emails') values[to] = parts(cell).map((address) => ({ address }));
      else if (field.type === 'tags') values[to] = parts(cell);
      else values[to] = cell;
    });
    if (notes.length > 0 && fields.some((field) => field.name === 'note'))
      values.note = [values.note, ...notes].filter(Boolean).join('\n');
    values[kind.title] ??= row.find(Boolean) ?? '';
    return values;
  });
}

const parts = (cell: string) =>
  cell
    .split(/[,;\n]/)
    .map((each) => each.trim())
    .filter(Boolean);
