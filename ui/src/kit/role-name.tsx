import { useQuery } from '@tanstack/react-query';
import { roles } from '../api/people';
import { roleName } from './words';

type Role = { id: string; name: string };

/** Gives a function that names a role: a ready one in the language of the person. */
export function useRoleName() {
  const { data: known = [] } = useQuery(roles);
  return (role: Role) => roleName(known.find((each) => each.id === role.id) ?? role);
}

/** A role by its name. */
export const RoleName = ({ role }: { role: Role }) => useRoleName()(role);
