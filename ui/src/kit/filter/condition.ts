/**
 * The filter of a list, as a tree and as the line in the address bar.
 *
 * The grammar is the server's (package query). The server is the judge of a
 * filter; this reader only makes chips and forms of it. What it cannot read is
 * kept as the line that it is.
 */

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'starts' | 'contains' | 'has';

export type Condition =
  | { is: 'all'; of: Condition[] }
  | { is: 'any'; of: Condition[] }
  | { is: 'not'; of: Condition }
  | { is: 'everything' }
  | { is: 'nothing' }
  | { is: 'compare'; field: string; op: Comparison; value: string }
  | { is: 'in'; field: string; values: string[]; not?: boolean }
  | { is: 'hasAny'; field: string; values: string[] }
  | { is: 'empty'; field: string; not?: boolean };

export type Leaf = Extract<Condition, { field: string }>;

const keywords = new Set([
  'all',
  'none',
  'and',
  'or',
  'not',
  'in',
  'is',
  'empty',
  'has',
  'any',
  'starts',
  'contains',
]);

const inWord = /[^\s\p{Cc}(),=!<>?"]/u;

interface Token {
  form: 'word' | 'quoted' | 'sign' | 'end';
  text: string;
}

function lex(line: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    const letter = line[at] as string;
    if (/\s/u.test(letter)) {
      at++;
      continue;
    }
    if (letter === '"') {
      const match = /^"((?:[^"\\]|\\["\\])*)"/u.exec(line.slice(at));
      if (!match) return null;
      tokens.push({ form: 'quoted', text: (match[1] as string).replace(/\\(["\\])/gu, '$1') });
      at += match[0].length;
      continue;
    }
    const sign = ['!=', '<=', '>=', '(', ')', ',', '=', '<', '>'].find((s) => line.startsWith(s, at));
    if (sign) {
      tokens.push({ form: 'sign', text: sign });
      at += sign.length;
      continue;
    }
    let end = at;
    while (end < line.length && inWord.test(line[end] as string)) end++;
    if (end === at) return null;
    tokens.push({ form: 'word', text: line.slice(at, end) });
    at = end;
  }
  tokens.push({ form: 'end', text: '' });
  return tokens;
}

class Unreadable extends Error {}

/** Reads the line; null for what cannot be read here. The empty line is everything. */
export function parse(line: string): Condition | null {
  if (!line.trim()) return { is: 'everything' };
  const tokens = lex(line);
  if (!tokens) return null;
  let next = 0;
  const peek = () => tokens[next] as Token;
  const is = (token: Token, text: string) =>
    (token.form === 'sign' && token.text === text) ||
    (token.form === 'word' && token.text.toLowerCase() === text);
  const accept = (text: string) => {
    if (!is(peek(), text)) return false;
    next++;
    return true;
  };

  function value(): string {
    const token = peek();
    if (token.form !== 'word' && token.form !== 'quoted') throw new Unreadable();
    next++;
    return token.text;
  }

  function listOf(): string[] {
    if (!accept('(')) throw new Unreadable();
    const values: string[] = [];
    if (accept(')')) return values;
    for (;;) {
      values.push(value());
      if (accept(')')) return values;
      if (!accept(',')) throw new Unreadable();
    }
  }

  function leaf(): Condition {
    const name = peek();
    if (name.form !== 'quoted' && (name.form !== 'word' || keywords.has(name.text.toLowerCase()))) {
      throw new Unreadable();
    }
    next++;
    const field = name.text;
    if (accept('is')) {
      const not = accept('not');
      if (!accept('empty')) throw new Unreadable();
      return not ? { is: 'empty', field, not } : { is: 'empty', field };
    }
    if (accept('not')) {
      if (!accept('in')) throw new Unreadable();
      return { is: 'in', field, values: listOf(), not: true };
    }
    if (accept('in')) return { is: 'in', field, values: listOf() };
    if (accept('has')) {
      if (is(peek(), 'any') && tokens?.[next + 1] && is(tokens[next + 1] as Token, '(')) {
        next++;
        return { is: 'hasAny', field, values: listOf() };
      }
      return { is: 'compare', field, op: 'has', value: value() };
    }
    for (const op of ['starts', 'contains', '=', '!=', '<=', '>=', '<', '>'] as const) {
      if (accept(op)) return { is: 'compare', field, op, value: value() };
    }
    throw new Unreadable();
  }

  function term(): Condition {
    if (accept('not')) return { is: 'not', of: term() };
    if (accept('(')) {
      const inner = condition();
      if (!accept(')')) throw new Unreadable();
      return inner;
    }
    if (accept('all')) return { is: 'everything' };
    if (accept('none')) return { is: 'nothing' };
    return leaf();
  }

  function conjunction(): Condition {
    const parts = [term()];
    while (accept('and')) parts.push(term());
    return parts.length === 1 ? (parts[0] as Condition) : { is: 'all', of: parts };
  }

  function condition(): Condition {
    const parts = [conjunction()];
    while (accept('or')) parts.push(conjunction());
    return parts.length === 1 ? (parts[0] as Condition) : { is: 'any', of: parts };
  }

  try {
    const whole = condition();
    return peek().form === 'end' ? whole : null;
  } catch (failure) {
    if (failure instanceof Unreadable) return null;
    throw failure;
  }
}

const quote = (text: string) => `"${text.replace(/[\\"]/gu, '\\$&')}"`;

// A bare word that is a keyword would still be read as a value, but a person
// who reads the line would stumble.
const bare = (text: string) =>
  /^[A-Za-z0-9_.:+@-]+$/u.test(text) && !keywords.has(text) ? text : quote(text);

const fieldWord = (name: string) => (keywords.has(name.toLowerCase()) ? quote(name) : name);

function term(c: Condition): string {
  const text = print(c);
  return c.is === 'all' || c.is === 'any' ? `(${text})` : text;
}

/** Writes the line that parse reads back. Everything is the empty line at the top, and "all" inside. */
export function print(c: Condition): string {
  switch (c.is) {
    case 'everything':
      return 'all';
    case 'nothing':
      return 'none';
    case 'all':
      return c.of.length ? c.of.map(term).join(' and ') : 'all';
    case 'any':
      return c.of.length
        ? c.of.map((part) => (part.is === 'any' ? `(${print(part)})` : print(part))).join(' or ')
        : 'none';
    case 'not':
      return `not ${term(c.of)}`;
    case 'empty':
      return `${fieldWord(c.field)} is ${c.not ? 'not ' : ''}empty`;
    case 'in':
      return `${fieldWord(c.field)} ${c.not ? 'not ' : ''}in (${c.values.map(bare).join(', ')})`;
    case 'hasAny':
      return `${fieldWord(c.field)} has any (${c.values.map(bare).join(', ')})`;
    case 'compare':
      return `${fieldWord(c.field)} ${c.op} ${bare(c.value)}`;
  }
}

/** The line for the address bar: empty for everything. */
export const line = (c: Condition) => {
  const text = print(c);
  return text === 'all' ? '' : text;
};

/** The parts that must all hold, each a chip. From and to of one field are one part. */
export function parts(c: Condition): Condition[] {
  if (c.is === 'everything') return [];
  if (c.is !== 'all') return [c];
  const all: Condition[] = [];
  for (const part of c.of) {
    const last = all.at(-1);
    if (
      last?.is === 'compare' &&
      part.is === 'compare' &&
      last.field === part.field &&
      last.op === '>=' &&
      part.op === '<='
    ) {
      all[all.length - 1] = { is: 'all', of: [last, part] };
    } else all.push(part);
  }
  return all;
}

export const allOf = (of: Condition[]): Condition =>
  of.length === 0 ? { is: 'everything' } : of.length === 1 ? (of[0] as Condition) : { is: 'all', of };
