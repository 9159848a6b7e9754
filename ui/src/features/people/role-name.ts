import { labelIn } from '../../text';

export const roleName = (role: { name: string; labels?: Partial<Record<string, string>> }) =>
  labelIn(role.labels) || role.name;
