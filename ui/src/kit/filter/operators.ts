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
  | 'has'
  | 'among'
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
      return ['is', 'more', 'less', 'empty', 'filled'];
    case 'date':
    case 'datetime':
      return ['after', 'before', 'is', 'empty', 'filled'];
    case 'bool':
      return ['is'];
    case 'choice':
    case 'stage':
    case 'pipeline':
      return ['among', 'empty', 'filled'];
    case 'choices':
    case 'tags':
      return ['has', 'empty', 'filled'];
    case 'phones':
    case 'emails':
      return ['has', 'empty', 'filled'];
    default:
      return ['is', 'is-not', 'empty', 'filled'];
  }
}

/** The condition that an asking and its values make; null while it is not whole. */
export function leafOf(field: Field, asking: Asking, values: string[]): Leaf | null {
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
}

/** The way back: how a condition was asked; null where no form fits. */
export function askingOf(field: Field, leaf: Leaf): { asking: Asking; values: string[] } | null {
  switch (leaf.is) {
    case 'empty':
      return { asking: leaf.not ? 'filled' : 'empty', values: [] };
    case 'in':
      return leaf.not ? null : { asking: 'among', values: leaf.values };
    case 'hasAny':
      return { asking: 'has', values: leaf.values };
    case 'compare': {
      const temporal = field.type === 'date' || field.type === 'datetime';
      const offered = askings(field);
      const asking = (
        {
          '=': offered.includes('among') ? 'among' : 'is',
          '!=': 'is-not',
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
  }
}
