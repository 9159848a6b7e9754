import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { Field, Kind } from '../../api/kinds';
import { names } from '../../api/people';
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
    has: t`has any of`,
    among: t`is one of`,
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
export function useSaying(kind: Kind) {
  const { t } = useLingui();
  const words = useAskingWords();
  const { known } = useNames();

  function value(field: Field, text: string): string {
    if (field.type === 'choice' || field.type === 'choices') return optionLabel(field, text);
    if (field.type === 'bool') return text === 'yes' || text === 'true' ? t`yes` : t`no`;
    if (field.type === 'date' || field.type === 'datetime') {
      const ago = /^today-(\d+)d$/.exec(text);
      if (ago) return t`${Number(ago[1])} days ago`;
      if (text === 'today') return t`today`;
      return calendarDate(text);
    }
    return known.get(text) ?? text;
  }

  return function say(c: Condition): string {
    switch (c.is) {
      case 'any':
        return c.of.map(say).join(` ${t`or`} `);
      case 'all':
        return c.of.map(say).join(` ${t`and`} `);
      case 'not':
        return t`not: ${say(c.of)}`;
      case 'everything':
        return t`everything`;
      case 'nothing':
        return t`nothing`;
    }
    const field = kind.fields.find((each) => each.name === c.field);
    if (!field) return print(c);
    const asked = askingOf(field, c);
    if (!asked) return `${fieldLabel(field)} ${print(c).slice(c.field.length + 1)}`;
    const one = asked.values.length === 1;
    const verb =
      one && asked.asking === 'among'
        ? words.is
        : one && asked.asking === 'has'
          ? t`has`
          : words[asked.asking];
    return [fieldLabel(field), verb, asked.values.map((each) => value(field, each)).join(', ')]
      .filter(Boolean)
      .join(' ');
  };
}
