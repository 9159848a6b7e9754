import { expect, test } from 'vitest';
import type { Role, SightRule } from '../../api/people';
import {
  classRule,
  exceptions,
  reworded,
  sights,
  spelled,
  withAbility,
  withClassRule,
  withDays,
  withGrade,
} from './rules';

const role: Role = {
  id: 'role_1',
  name: 'Specialist',
  grades: { contact: { view: 'own' } },
  sights: [
    { class: 'contact', own: 'hidden', group: 'hidden', all: 'click' },
    { class: 'contact', surface: 'list', own: 'masked', group: 'masked', all: 'masked' },
  ],
  abilities: ['import.run'],
};

test('a rule is shown as it works: own is never less than the groups’, and those never less than all', () => {
  expect(classRule(role, 'contact')).toMatchObject({ own: 'click', group: 'click', all: 'click' });
  expect(classRule(role, 'special')).toMatchObject({ own: 'hidden', group: 'hidden', all: 'hidden' });
});

test('whatever word is exchanged, the rule then says exactly that word', () => {
  for (const own of sights)
    for (const group of sights)
      for (const all of sights)
        for (const of of ['own', 'group', 'all'] as const)
          for (const to of sights) {
            const next = reworded({ class: 'contact', own, group, all } satisfies SightRule, of, to);
            expect(next[of]).toBe(to);
            expect(spelled(next)).toEqual(next);
          }
});

test('a change of one right leaves all others as they were', () => {
  expect(withGrade(role, 'contact', 'edit', 'own').grades).toEqual({ contact: { view: 'own', edit: 'own' } });
  expect(withDays(withDays(role, 'contact', 'edit', 30), 'contact', 'edit', null).days).toEqual({
    contact: {},
  });
  expect(withAbility(role, 'import.run', false).abilities).toEqual([]);
  expect(withAbility(role, 'import.run', true).abilities).toEqual(['import.run']);
  const next = withClassRule(role, 'contact', {
    class: 'contact',
    own: 'plain',
    group: 'click',
    all: 'masked',
  });
  expect(exceptions(next)).toEqual(exceptions(role));
  expect(next.sights).toHaveLength(2);
});
