import { queryOptions } from '@tanstack/react-query';
import type {
  DifferencesShape,
  Group as Group_,
  HandOver,
  HandOverList,
  Holdings,
  Link,
  Member as Member_,
  Person as Person_,
  PersonBody,
  PersonPatch,
  RoleShape,
  SightShape,
  StageRuleShape,
  Take as Take_,
} from './generated';
import { call } from './http';
import type { Action, Grade } from './kinds';
import type { Page, PersonRef } from './records';

export type Person = Person_;

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

export type PersonDraft = PersonBody;

export const addPerson = (draft: PersonDraft) => call<Person>('POST', '/people', { body: draft });

export const changePerson = (id: string, draft: PersonPatch) =>
  call<Person>('PATCH', `/people/${id}`, { body: draft });

export const reactivate = (id: string) => call<void>('POST', `/people/${id}/reactivate`);

/** A one-time link by which the person sets a password; mailed, or shown this once. */
export const makeLink = (id: string, purpose: 'invite' | 'reset', by: 'mail' | 'link' = 'mail') =>
  call<Link>('POST', `/people/${id}/link`, { body: { purpose, by } });

export const revokeLink = (id: string) => call<void>('DELETE', `/people/${id}/link`);

/** How much a person is responsible for. */
export const holdings = (id: string) =>
  queryOptions({
    queryKey: ['people', id, 'holdings'],
    queryFn: ({ signal }) => call<Holdings>('GET', `/people/${id}/holdings`, { signal }),
    staleTime: 0,
  });

export const handOver = (id: string, to: string, close: boolean) =>
  call<HandOver>('POST', `/people/${id}/hand-over`, { body: { to, deactivate: close } });

export const handOvers = (id: string) =>
  queryOptions({
    queryKey: ['people', id, 'hand-overs'],
    queryFn: async ({ signal }) =>
      (await call<HandOverList>('GET', `/people/${id}/hand-overs`, { signal })).items,
  });

export const undoHandOver = (id: string) => call<void>('POST', `/hand-overs/${id}/undo`);

export const deactivate = (id: string) => call<void>('POST', `/people/${id}/deactivate`);

/** What a person holds that the role does not give, or lacks though it does. */
export type Differences = Omit<DifferencesShape, 'grades'> & {
  grades?: Record<string, Partial<Record<Action, Grade>>>;
};

export const differences = (id: string) =>
  queryOptions({
    queryKey: ['people', id, 'rights'],
    queryFn: ({ signal }) => call<Differences>('GET', `/people/${id}/rights`, { signal }),
  });

export const setDifferences = (id: string, rights: Differences) =>
  call<Differences>('PUT', `/people/${id}/rights`, { body: rights });

export type Take = Take_;

export const take = (id: string) =>
  queryOptions({
    queryKey: ['people', id, 'take'],
    queryFn: ({ signal }) => call<Take>('GET', `/people/${id}/take`, { signal }),
  });

export type SightRule = SightShape;

export type StageRule = Omit<StageRuleShape, 'grades'> & { grades: Partial<Record<Action, Grade>> };

export type Role = Omit<RoleShape, 'id' | 'grades' | 'days' | 'stages'> & {
  id: string;
  grades: Record<string, Partial<Record<Action, Grade>>>;
  days?: Record<string, Partial<Record<Action, number>>>;
  stages?: StageRule[];
};

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

export type Group = Group_;

export const groups = queryOptions({
  queryKey: ['groups'],
  queryFn: async ({ signal }) => (await call<{ items: Group[] }>('GET', '/groups', { signal })).items,
});

export const addGroup = (name: string) => call<Group>('POST', '/groups', { body: { name } });
export const renameGroup = (id: string, name: string) =>
  call<Group>('PATCH', `/groups/${id}`, { body: { name } });
export const removeGroup = (id: string) => call<void>('DELETE', `/groups/${id}`);

export type Member = Omit<Member_, 'role'> & { role: PersonRef | null };

export const members = (id: string) =>
  queryOptions({
    queryKey: ['groups', id, 'members'],
    queryFn: async ({ signal }) =>
      (await call<{ items: Member[] }>('GET', `/groups/${id}/members`, { signal })).items,
  });

export const setMembers = (id: string, items: { person: string; role?: string }[]) =>
  call<void>('PUT', `/groups/${id}/members`, { body: { items } });

export type Rails = Record<string, boolean>;

export const rails = queryOptions({
  queryKey: ['rails'],
  queryFn: ({ signal }) => call<Rails>('GET', '/rails', { signal }),
});

export const setRails = (body: Rails) => call<Rails>('PUT', '/rails', { body });

export type Preview = Page;

export const preview = (ask: { person?: string; role?: Role; kind: string; surface: string }) =>
  call<Preview>('POST', '/preview', { body: ask });
