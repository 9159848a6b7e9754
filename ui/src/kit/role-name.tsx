import { useQuery } from '@tanstack/react-query';
import { roles } from '../api/people';
import { holds, useMe } from '../api/session';
import { roleName } from './words';

type Role = { id: string; name: string };

/** Gives a function that names a role: a ready one in the language of the person. */
export function useRoleName() {
  const me = useMe();
  // Nobody else is told which roles there are.
  const enabled = holds(me, 'roles.manage') || holds(me, 'people.manage');
  const { data: known = [] } = useQuery({ ...roles, enabled });
  return (role: Role) => roleName(known.find((each) => each.id === role.id) ?? role);
}

/** A role by its name. */
export const RoleName = ({ role }: { role: Role }) => useRoleName()(role);
