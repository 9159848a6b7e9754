import type { Action, Class, Grade, Sight } from '../../api/kinds';
import type { Role, SightRule } from '../../api/people';

// Changes of a role as data. Nothing here decides what anybody may do; the
// server reads the role and does.

export const grades: Grade[] = ['denied', 'own', 'group', 'all'];
export const actions: Action[] = ['view', 'create', 'edit', 'delete', 'export'];
export const sights: Sight[] = ['hidden', 'masked', 'click', 'plain'];
export const classes: Class[] = ['contact', 'personal', 'special', 'open'];

export const gradeOf = (role: Role, kind: string, action: Action): Grade =>
  role.grades[kind]?.[action] ?? 'denied';

export function withGrade(role: Role, kind: string, action: Action, grade: Grade): Role {
  return { ...role, grades: { ...role.grades, [kind]: { ...role.grades[kind], [action]: grade } } };
}

export function withDays(role: Role, kind: string, action: Action, days: number | null): Role {
  const of = { ...role.days?.[kind] };
  if (days === null) delete of[action];
  else of[action] = days;
  return { ...role, days: { ...role.days, [kind]: of } };
}

export function withAbility(role: Role, ability: string, held: boolean): Role {
  const others = role.abilities.filter((each) => each !== ability);
  return { ...role, abilities: held ? [...others, ability] : others };
}

/** Whether the rule is the class's own: for all kinds, everywhere. */
const general = (rule: SightRule, name: Class) =>
  rule.class === name && !rule.field && !rule.kind && !rule.surface;

const least = (a: Sight, b: Sight): Sight => (sights.indexOf(a) < sights.indexOf(b) ? a : b);
const most = (a: Sight, b: Sight): Sight => (sights.indexOf(a) < sights.indexOf(b) ? b : a);

/**
 * The rule as it works: what is seen of all records is seen of one's groups',
 * and what is seen of those is seen of one's own.
 */
export function spelled(rule: SightRule): SightRule {
  const group = most(rule.group, rule.all);
  return { ...rule, group, own: most(rule.own, group) };
}

/** The rule with one word exchanged. The others give way, so that it means what it says. */
export function reworded(rule: SightRule, of: 'own' | 'group' | 'all', to: Sight): SightRule {
  const now = spelled(rule);
  switch (of) {
    case 'own':
      return { ...now, own: to, group: least(now.group, to), all: least(now.all, to) };
    case 'group':
      return { ...now, own: most(now.own, to), group: to, all: least(now.all, to) };
    case 'all':
      return { ...now, own: most(now.own, to), group: most(now.group, to), all: to };
  }
}

/** The rule for a class, and what is meant where there is none: nothing is seen. */
export function classRule(role: Role, name: Class): SightRule {
  return spelled(
    role.sights.find((rule) => general(rule, name)) ?? {
      class: name,
      own: 'hidden',
      group: 'hidden',
      all: 'hidden',
    },
  );
}

export function withClassRule(role: Role, name: Class, rule: SightRule): Role {
  const others = role.sights.filter((each) => !general(each, name));
  return { ...role, sights: [...others, rule] };
}

/** Rules that say otherwise for one kind, one field or one surface. */
export const exceptions = (role: Role) =>
  role.sights.filter((rule) => !(rule.class && !rule.field && !rule.kind && !rule.surface));

export function withException(role: Role, old: SightRule | null, next: SightRule | null): Role {
  const kept = role.sights.filter((rule) => rule !== old);
  return { ...role, sights: next ? [...kept, next] : kept };
}
