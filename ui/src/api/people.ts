import { queryOptions } from '@tanstack/react-query';
import { call } from './http';
import type { Action, Class, Grade, Kind, Sight } from './kinds';
import type { Page, PersonRef } from './records';

export interface Person {
  id: string;
  name: string;
  email: string;
  role: { id: string; name: string };
  groups?: { id: string; name: string; role?: { id: string; name: string } | null }[];
  state: 'active' | 'deactivated' | 'invited';
  language?: string;
  last_sign_in?: string | null;
}

export const people = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => (await call<{ items: Person[] }>('GET', '/people', { signal })).items,
});

export const person = (id: string) =>
  queryOptions({
    queryKey: ['people', id],
    queryFn: ({ signal }) => call<Person>('GET', `/people/${id}`, { signal }),
  });

/** Names for pickers: everyone who is signed in may know who works here. */
export const names = queryOptions({
  queryKey: ['people', 'names'],
  queryFn: async ({ signal }) =>
    (await call<{ items: PersonRef[] }>('GET', '/people/names', { signal })).items,
  staleTime: 60_000,
});

export interface PersonDraft {
  email: string;
  name: string;
  role: string;
  password?: string;
  language?: string;
}

export const addPerson = (draft: PersonDraft) => call<Person>('POST', '/people', { body: draft });

export const changePerson = (id: string, draft: Partial<PersonDraft>) =>
  call<Person>('PATCH', `/people/${id}`, { body: draft });

export const deactivate = (id: string) => call<void>('POST', `/people/${id}/deactivate`);

/** What a person holds that the role does not give, or lacks though it does. */
export interface Differences {
  grades?: Record<string, Partial<Record<Action, Grade>>>;
  days?: Record<string, Partial<Record<Action, number>>>;
  sights?: SightRule[];
  abilities?: Record<string, boolean>;
}

export const differences = (id: string) =>
  queryOptions({
    queryKey: ['people', id, 'rights'],
    queryFn: ({ signal }) => call<Differences>('GET', `/people/${id}/rights`, { signal }),
  });

export const setDifferences = (id: string, rights: Differences) =>
  call<Differences>('PUT', `/people/${id}/rights`, { body: rights });

export interface Take {
  items: {
    kind: string;
    view: number;
    edit?: number;
    delete?: number;
    export?: number;
    capped?: boolean;
    sights?: Partial<Record<Class, Sight>>;
  }[];
  sentences?: string[];
}

export const take = (id: string) =>
  queryOptions({
    queryKey: ['people', id, 'take'],
    queryFn: ({ signal }) => call<Take>('GET', `/people/${id}/take`, { signal }),
  });

export interface SightRule {
  kind?: string;
  field?: string;
  class?: Class;
  surface?: string;
  own: Sight;
  group: Sight;
  all: Sight;
}

export interface StageRule {
  kind: string;
  pipeline: string;
  stage: string;
  grades: Partial<Record<Action, Grade>>;
}

export interface Role {
  id: string;
  name: string;
  labels?: Partial<Record<string, string>>;
  built?: string;
  administrator?: boolean;
  grades: Record<string, Partial<Record<Action, Grade>>>;
  days?: Record<string, Partial<Record<Action, number>>>;
  sights: SightRule[];
  abilities: string[];
  stages?: StageRule[];
  people?: number;
}

export const roles = queryOptions({
  queryKey: ['roles'],
  queryFn: async ({ signal }) => (await call<{ items: Role[] }>('GET', '/roles', { signal })).items,
});

export const role = (id: string) =>
  queryOptions({
    queryKey: ['roles', id],
    queryFn: ({ signal }) => call<Role>('GET', `/roles/${id}`, { signal }),
  });

export const addRole = (draft: Omit<Role, 'id'>) => call<Role>('POST', '/roles', { body: draft });
export const setRole = (id: string, draft: Role) => call<Role>('PUT', `/roles/${id}`, { body: draft });
export const removeRole = (id: string) => call<void>('DELETE', `/roles/${id}`);

export interface Group {
  id: string;
  name: string;
  members?: number;
}

export const groups = queryOptions({
  queryKey: ['groups'],
  queryFn: async ({ signal }) => (await call<{ items: Group[] }>('GET', '/groups', { signal })).items,
});

export const addGroup = (name: string) => call<Group>('POST', '/groups', { body: { name } });
export const renameGroup = (id: string, name: string) =>
  call<Group>('PATCH', `/groups/${id}`, { body: { name } });
export const removeGroup = (id: string) => call<void>('DELETE', `/groups/${id}`);

export interface Member {
  person: PersonRef;
  role: { id: string; name: string } | null;
}

export const members = (id: string) =>
  queryOptions({
    queryKey: ['groups', id, 'members'],
    queryFn: async ({ signal }) =>
      (await call<{ items: Member[] }>('GET', `/groups/${id}/members`, { signal })).items,
  });

export const setMembers = (id: string, items: { person: string; role: string | null }[]) =>
  call<void>('PUT', `/groups/${id}/members`, { body: { items } });

export type Rails = Record<string, boolean>;

export const rails = queryOptions({
  queryKey: ['rails'],
  queryFn: ({ signal }) => call<Rails>('GET', '/rails', { signal }),
});

export const setRails = (body: Rails) => call<Rails>('PUT', '/rails', { body });

export interface Preview extends Page {
  kind?: Kind;
}

export const preview = (ask: { person?: string; role?: Role; kind: string; surface: string }) =>
  call<Preview>('POST', '/preview', { body: ask });
