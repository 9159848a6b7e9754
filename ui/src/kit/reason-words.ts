import { plural } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { type Action, type Grade, kinds, type Sight } from '../api/kinds';
import type { Reason } from '../api/records';
import { useAbilityWords } from './abilities';
import { useActionWords, useGradeWords, useSightWords } from './rights-words';
import { fieldLabel, kindMany, roleName } from './words';

/**
 * Says in the reader's language why a right is there or missing. A reason that
 * is not known here is said in the server's own words, which are English.
 */
export function useReasonWords(): (reason: Reason, sight?: Sight) => string {
  const { t } = useLingui();
  const { data: all = [] } = useQuery(kinds);
  const actions = useActionWords();
  const grades = useGradeWords();
  const sights = useSightWords();
  const abilities = useAbilityWords();

  const sourceOf = (reason: Reason) => {
    const role = roleName({ name: reason.role ?? '', labels: reason.labels });
    if (reason.group) return t`In the group “${reason.group}”, the role “${role}”`;
    if (reason.personal) return t`A right of their own beside the role “${role}”`;
    return t`The role “${role}”`;
  };

  return (reason, sight) => {
    const kind = all.find((each) => each.name === reason.kind);
    const field = kind?.fields.find((each) => each.name === reason.field);
    const source = sourceOf(reason);
    const things = kind ? kindMany(kind) : (reason.kind ?? '');
    const action = actions[reason.action as Action] ?? '';
    const before = actions[reason.before as Action] ?? '';
    const grade = grades[reason.grade as Grade] ?? '';
    const ability = abilities[reason.ability ?? ''] ?? reason.ability ?? '';
    const days = reason.days ?? 0;
    const shown = field ? fieldLabel(field) : '';
    const sighted = sight ? sights[sight] : '';
    const stage = reason.stage ? ` (${t`in this stage`})` : '';

    switch (reason.code) {
      case 'role.admits':
      case 'group.admits':
        return shown && sighted
          ? t`${source} · ${shown}: ${sighted}`
          : t`${source} · ${things}: ${action} ${grade}` + stage;
      case 'share.admits':
        return reason.level === 'edit'
          ? t`The record is shared with the person, to see and to change.`
          : t`The record is shared with the person.`;
      case 'ability.held':
        return t`${source} gives: ${ability}`;
      case 'ability.missing':
        return t`${source} does not give: ${ability}`;
      case 'nobody':
      case 'role.none':
        return t`The person has no role here.`;
      case 'role.denies':
        return t`${source} · ${things}: may not ${action}` + stage;
      case 'role.cuts':
        return t`${source} · ${things}: may ${action} only where they may ${before}` + stage;
      case 'role.own':
        return t`${source} · ${things}: may ${action} only where they are responsible` + stage;
      case 'role.group':
        return t`${source} · ${things}: may ${action} only what is shared with a group of theirs` + stage;
      case 'role.days': {
        const lately = plural(days, { one: 'of the last # day', other: 'of the last # days' });
        return t`${source} · ${things}: may ${action} only those ${lately}`;
      }
      case 'rail.stops':
        return t`A guard rail · ${things}: only administrators may ${action}`;
      case 'share.less':
        return t`The record is shared with the person only to see.`;
      case 'field.closed':
        return t`No role that opens the record shows this field here.`;
    }
    return reason.sentence;
  };
}
