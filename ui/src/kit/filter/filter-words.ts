import { plural } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';
import { useQueries, useQuery } from '@tanstack/react-query';
import { type Field, type Kind, kinds } from '../../api/kinds';
import { names } from '../../api/people';
import { read } from '../../api/records';
import { pipelines } from '../../api/workspace';
import { calendarDate } from '../when';
import { fieldLabel, optionLabel } from '../words';
import { type Condition, print } from './condition';
import { type Asking, askingOf } from './operators';

export function useAskingWords() {
  const { t } = useLingui();
  return {
    is: t`is`,
    'is-not': t`is not`,
    less: t`at most`,
    more: t`at least`,
    before: t`before`,
    after: t`from`,
    starts: t`begins with`,
    contains: t`contains`,
    between: t`from … to`,
    last: t`in the last days`,
    next: t`in the next days`,
    has: t`has any of`,
    'has-none': t`has none of`,
    among: t`is one of`,
    'none-of': t`is none of`,
    empty: t`is empty`,
    filled: t`is filled in`,
  } satisfies Record<Asking, string>;
}

/** Names for ids in filters: people, stages, pipelines. */
export function useNames() {
  const { t } = useLingui();
  const { data: people = [] } = useQuery(names);
  const { data: lines = [] } = useQuery({ ...pipelines, retry: false });
  const known = new Map<string, string>([['me', t`me`]]);
  for (const person of people) known.set(person.id, person.name);
  for (const pipeline of lines) {
    known.set(pipeline.id, pipeline.name);
    for (const stage of pipeline.stages) if (stage.id) known.set(stage.id, stage.name);
  }
  return { known, people, lines };
}

/** Says a condition as people do. */
export function useSaying(kind: Kind, tree: Condition | null = null) {
  const { t } = useLingui();
  const words = useAskingWords();
  const { known } = useNames();
  const titles = useTitles(kind, tree);

  function value(field: Field, text: string): string {
    if (field.type === 'choice' || field.type === 'choices') return optionLabel(field, text);
    if (field.type === 'bool') return text === 'yes' || text === 'true' ? t`yes` : t`no`;
    if (field.type === 'date' || field.type === 'datetime') {
      const ago = /^today-(\d+)d$/.exec(text);
      if (ago) return t`${Number(ago[1])} days ago`;
      if (text === 'today') return t`today`;
      return calendarDate(text);
    }
    return known.get(text) ?? titles.get(text) ?? (field.type === 'relation' ? '…' : text);
  }

  return function say(c: Condition): string {
    switch (c.is) {
      case 'any':
        return c.of.map(say).join(` ${t`or`} `);
      case 'all':
        return sayOne(c) ?? c.of.map(say).join(` ${t`and`} `);
      case 'not':
        return sayOne(c) ?? t`not: ${say(c.of)}`;
      case 'everything':
        return t`everything`;
      case 'nothing':
        return t`nothing`;
    }
    const said = sayOne(c);
    if (said) return said;
    const field = kind.fields.find((each) => each.name === c.field);
    return field ? `${fieldLabel(field)} ${print(c).slice(c.field.length + 1)}` : print(c);
  };

  /** Says what a form can hold; null for the rest. */
  function sayOne(c: Condition): string | null {
    const name = fieldOf(c);
    const field = kind.fields.find((each) => each.name === name);
    const asked = field && askingOf(field, c);
    if (!field || !asked) return null;
    const days = Number(asked.values[0]);
    if (asked.asking === 'last')
      return `${fieldLabel(field)}: ${plural(days, { one: 'in the last day', other: 'in the last # days' })}`;
    if (asked.asking === 'next')
      return `${fieldLabel(field)}: ${plural(days, { one: 'in the next day', other: 'in the next # days' })}`;
    if (asked.asking === 'between')
      return `${fieldLabel(field)}: ${asked.values.map((each) => value(field, each)).join(' – ')}`;
    const one = asked.values.length === 1;
    const verb =
      one && asked.asking === 'among'
        ? words.is
        : one && asked.asking === 'none-of'
          ? words['is-not']
          : one && asked.asking === 'has'
            ? t`has`
            : words[asked.asking];
    return [fieldLabel(field), verb, asked.values.map((each) => value(field, each)).join(', ')]
      .filter(Boolean)
      .join(' ');
  }
}

/** The field that a part of a filter is about; the empty word for a part about several. */
export function fieldOf(c: Condition): string {
  if ('field' in c) return c.field;
  if (c.is === 'not') return fieldOf(c.of);
  if (c.is === 'all') {
    const [first, ...others] = c.of.map(fieldOf);
    return first && others.every((each) => each === first) ? first : '';
  }
  return '';
}

/** Related records that a filter names, by id. */
function named(kind: Kind, c: Condition | null): { field: Field; id: string }[] {
  if (!c || c.is === 'everything' || c.is === 'nothing') return [];
  if (c.is === 'all' || c.is === 'any') return c.of.flatMap((each) => named(kind, each));
  if (c.is === 'not') return named(kind, c.of);
  const field = kind.fields.find((each) => each.name === c.field);
  if (field?.type !== 'relation') return [];
  return (c.is === 'compare' ? [c.value] : c.is === 'empty' ? [] : c.values).map((id) => ({ field, id }));
}

/** How related records are called that a filter names, as far as they may be seen. */
function useTitles(kind: Kind, tree: Condition | null): Map<string, string> {
  const asked = named(kind, tree).slice(0, 20);
  const { data: all = [] } = useQuery({ ...kinds, enabled: asked.length > 0 });
  const targets = asked.flatMap(({ field, id }) => {
    const target = all.find((each) => each.name === field.target);
    return target ? [{ target, id }] : [];
  });
  const read_ = useQueries({
    queries: targets.map(({ target, id }) => ({ ...read(target.plural, id), retry: false })),
  });
  return new Map(
    targets.map(({ target, id }, place) => {
      const title = read_[place]?.data?.[target.title];
      return [id, typeof title === 'string' ? title : '–'] as const;
    }),
  );
}
