import { queryOptions } from '@tanstack/react-query';
import type { Field as Field_, FieldBody, Kind as Kind_, Option as Option_, SightShape } from './generated';
import { call } from './http';

export type Grade = 'denied' | 'own' | 'group' | 'all';
export type Action = 'create' | 'view' | 'edit' | 'delete' | 'export';
export type Grades = Partial<Record<Action, Grade>>;
export type Sight = SightShape['own'];
export type Class = Field_['class'];
export type Labels = Partial<Record<string, string>>;
export type FieldType = Field_['type'];
export type Option = Option_;

export type Field = Omit<
  Field_,
  'sight' | 'search' | 'filter' | 'sort' | 'house' | 'custom' | 'required' | 'writable' | 'label'
> &
  Partial<
    Pick<Field_, 'search' | 'filter' | 'sort' | 'house' | 'custom' | 'required' | 'writable' | 'label'>
  > & {
    sight: Partial<Record<string, Sight>>;
  };

export type Kind = Omit<Kind_, 'fields' | 'actions'> & { fields: Field[]; actions: Grades };

/** The kinds of record and the fields that the person may know of. */
export const kinds = queryOptions({
  queryKey: ['kinds'],
  queryFn: async ({ signal }) =>
    (await call<{ items: Kind[] }>('GET', '/kinds', { signal })).items.map((kind) => ({
      ...kind,
      // Lines have an editor of their own, and are no field among others.
      fields: kind.fields.filter((field) => field.type !== 'lines'),
    })),
  staleTime: 5 * 60_000,
});

export type FieldDraft = FieldBody;

export const addField = (kind: string, field: FieldDraft) =>
  call<Field>('POST', `/kinds/${kind}/fields`, { body: field });

export const changeField = (kind: string, name: string, field: Partial<FieldDraft>) =>
  call<Field>('PATCH', `/kinds/${kind}/fields/${name}`, { body: field });

export const removeField = (kind: string, name: string) =>
  call<void>('DELETE', `/kinds/${kind}/fields/${name}`);
