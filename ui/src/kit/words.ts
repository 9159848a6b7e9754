import type { Field, Kind, Labels } from '../api/kinds';
import { labelIn } from '../text';

/** A field's name in the language of the person. */
export const fieldLabel = (field: Field) => labelIn(field.labels) || field.label || field.name;

export const kindOne = (kind: Kind) => labelIn(kind.one) || kind.name;
export const kindMany = (kind: Kind) => labelIn(kind.many) || kind.plural;

export const optionLabel = (field: Field, key: string) =>
  labelIn(field.options?.find((option) => option.key === key)?.labels as Labels | undefined) || key;

/** A role's name: of a ready one in the language of the person. */
export const roleName = (role: { name: string; labels?: Labels | undefined }) =>
  labelIn(role.labels) || role.name;
