import type { Field } from '../../api/kinds';
import type { Condition, Leaf } from './condition';

/** What can be asked of a field, as one key each; the words stand in filter-bar. */
export type Asking =
  | 'is'
  | 'is-not'
  | 'less'
  | 'more'
  | 'before'
  | 'after'
  | 'starts'
  | 'contains'
  | 'between'
  | 'last'
  | 'next'
  | 'has'
  | 'has-none'
  | 'among'
  | 'none-of'
  | 'empty'
  | 'filled';

/** The askings that make sense for a field, the most usual first. */
export function askings(field: Field): Asking[] {
  switch (field.type) {
    case 'text':
      return ['contains', 'starts', 'is', 'is-not', 'empty', 'filled'];
    case 'longtext':
    case 'url':
      return ['empty', 'filled', 'is'];
    case 'integer':
    case 'number':
    case 'money':
      return ['is', 'more', 'less', 'between', 'empty', 'filled'];
    case 'date':
    case 'datetime':
      return ['last', 'next', 'after', 'before', 'between', 'is', 'empty', 'filled'];
    case 'bool':
      return ['is'];
    case 'choice':
    case 'stage':
    case 'pipeline':
    case 'person':
    case 'relation':
      return ['among', 'none-of', 'empty', 'filled'];
    case 'choices':
    case 'tags':
      return ['has', 'has-none', 'empty', 'filled'];
    case 'phones':
    case 'emails':
      return ['has', 'empty', 'filled'];
    default:
      return ['is', 'is-not', 'empty', 'filled'];
  }
}

/** The condition that an asking and its values make; null while it is not whole. */
export function conditionOf(field: Field, asking: Asking, values: string[]): Condition | null {
  const [from = '', to = ''] = values;
  const compare = (op: '>=' | '<=', value: string): Condition => ({
    is: 'compare',
    field: field.name,
    op,
    value,
  });
  const span = (begin: string, end: string): Condition => ({
    is: 'all',
    of: [compare('>=', begin), compare('<=', end)],
  });
  const days = /^[1-9]\d{0,3}$/.test(from);
  switch (asking) {
    case 'between':
      return from && to ? span(from, to) : null;
    case 'last':
      return days ? span(`today-${from}d`, 'today') : null;
    case 'next':
      return days ? span('today', `today+${from}d`) : null;
    case 'has-none': {
      const has = leafOf(field, 'has', values);
      return has && { is: 'not', of: has };
    }
  }
  return leafOf(field, asking, values);
}

function leafOf(field: Field, asking: Asking, values: string[]): Leaf | null {
  const value = values[0] ?? '';
  const compare = (op: Extract<Condition, { is: 'compare' }>['op']): Leaf | null =>
    value === '' ? null : { is: 'compare', field: field.name, op, value };
  switch (asking) {
    case 'empty':
      return { is: 'empty', field: field.name };
    case 'filled':
      return { is: 'empty', field: field.name, not: true };
    case 'among':
      return values.length === 0
        ? null
        : values.length === 1
          ? compare('=')
          : { is: 'in', field: field.name, values };
    case 'none-of':
      return values.length === 0
        ? null
        : values.length === 1
          ? compare('!=')
          : { is: 'in', field: field.name, values, not: true };
    case 'has':
      return values.length === 0
        ? null
        : values.length === 1
          ? compare('has')
          : { is: 'hasAny', field: field.name, values };
    case 'is':
      return compare('=');
    case 'is-not':
      return compare('!=');
    case 'less':
      return compare('<=');
    case 'more':
      return compare('>=');
    case 'before':
      return compare('<');
    case 'after':
      return compare('>=');
    case 'starts':
    case 'contains':
      return compare(asking);
  }
  return null;
}

/** The way back: how a condition was asked; null where no form fits. */
export function askingOf(field: Field, leaf: Condition): { asking: Asking; values: string[] } | null {
  switch (leaf.is) {
    case 'not': {
      const inner = askingOf(field, leaf.of);
      return inner?.asking === 'has' && askings(field).includes('has-none')
        ? { asking: 'has-none', values: inner.values }
        : null;
    }
    case 'all': {
      const [from, to, more] = leaf.of;
      if (
        more ||
        from?.is !== 'compare' ||
        to?.is !== 'compare' ||
        from.op !== '>=' ||
        to.op !== '<=' ||
        from.field !== field.name ||
        to.field !== field.name ||
        !askings(field).includes('between')
      )
        return null;
      const last = /^today-(\d+)d$/.exec(from.value);
      if (last?.[1] && to.value === 'today') return { asking: 'last', values: [last[1]] };
      const next = /^today\+(\d+)d$/.exec(to.value);
      if (next?.[1] && from.value === 'today') return { asking: 'next', values: [next[1]] };
      return { asking: 'between', values: [from.value, to.value] };
    }
    case 'empty':
      return { asking: leaf.not ? 'filled' : 'empty', values: [] };
    case 'in':
      return { asking: leaf.not ? 'none-of' : 'among', values: leaf.values };
    case 'hasAny':
      return { asking: 'has', values: leaf.values };
    case 'compare': {
      const temporal = field.type === 'date' || field.type === 'datetime';
      const offered = askings(field);
      const asking = (
        {
          '=': offered.includes('among') ? 'among' : 'is',
          '!=': offered.includes('none-of') ? 'none-of' : 'is-not',
          starts: 'starts',
          contains: 'contains',
          has: 'has',
          '<': temporal ? 'before' : null,
          '<=': temporal ? null : 'less',
          '>=': temporal ? 'after' : 'more',
          '>': null,
        } as const
      )[leaf.op];
      return asking && offered.includes(asking) ? { asking, values: [leaf.value] } : null;
    }
    default:
      return null;
  }
}
