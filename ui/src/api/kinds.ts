import { queryOptions } from '@tanstack/react-query';
import { call } from './http';

export type Grade = 'denied' | 'own' | 'group' | 'all';
export type Action = 'create' | 'view' | 'edit' | 'delete' | 'export';
export type Grades = Partial<Record<Action, Grade>>;
export type Sight = 'hidden' | 'masked' | 'click' | 'plain';
export type Class = 'special' | 'contact' | 'personal' | 'open';
export type Labels = Partial<Record<string, string>>;

export type FieldType =
  | 'text'
  | 'longtext'
  | 'integer'
  | 'number'
  | 'money'
  | 'bool'
  | 'date'
  | 'datetime'
  | 'choice'
  | 'choices'
  | 'phones'
  | 'emails'
  | 'tags'
  | 'url'
  | 'person'
  | 'relation'
  | 'pipeline'
  | 'stage';

export interface Option {
  key: string;
  labels: Labels;
}

export interface Field {
  name: string;
  type: FieldType;
  class: Class;
  labels: Labels;
  label?: string;
  options?: Option[];
  target?: string;
  required?: boolean;
  custom?: boolean;
  max?: number;
  filter?: boolean;
  sort?: boolean;
  search?: boolean | string;
  house?: boolean;
  writable?: boolean;
  sight: Partial<Record<string, Sight>>;
}

export interface Kind {
  name: string;
  plural: string;
  one: Labels;
  many: Labels;
  fields: Field[];
  title: string;
  responsible: string;
  stage?: string;
  pipeline?: string;
  actions: Grades;
}

/** The kinds of record and the fields that the person may know of. */
export const kinds = queryOptions({
  queryKey: ['kinds'],
  queryFn: async ({ signal }) => (await call<{ items: Kind[] }>('GET', '/kinds', { signal })).items,
  staleTime: 5 * 60_000,
});

export interface FieldDraft {
  label: string;
  labels?: Labels;
  type: FieldType;
  class: Class;
  options?: Option[];
  target?: string;
}

export const addField = (kind: string, field: FieldDraft) =>
  call<Field>('POST', `/kinds/${kind}/fields`, { body: field });

export const changeField = (kind: string, name: string, field: Partial<FieldDraft>) =>
  call<Field>('PATCH', `/kinds/${kind}/fields/${name}`, { body: field });

export const removeField = (kind: string, name: string) =>
  call<void>('DELETE', `/kinds/${kind}/fields/${name}`);
