import { queryOptions } from '@tanstack/react-query';
import type {
  Directory as Directory_,
  DirectoryBody,
  Provider as Provider_,
  ProviderBody,
  SignInProvider,
  Tie as Tie_,
} from './generated';
import { call } from './http';

export type Provider = Provider_;
export type ProviderDraft = ProviderBody;
export type Door = SignInProvider;
export type Tie = Tie_;
export type Directory = Directory_;

/** The providers by which one can sign in; strangers may ask. */
export const doors = queryOptions({
  queryKey: ['doors'],
  queryFn: async ({ signal }) =>
    (await call<{ items: Door[] }>('GET', '/session/provider', { signal })).items,
  staleTime: 60_000,
});

/** Where the browser goes to sign in by a provider. */
export const beginSignIn = (provider: string, to?: string) =>
  call<{ url: string }>('POST', '/session/provider', { body: { provider, ...(to ? { to } : {}) } });

/** Where the browser goes to be linked to a provider. */
export const beginLink = (provider: string) =>
  call<{ url: string }>('POST', '/session/provider/link', { body: { provider } });

export const ties = (person: string) =>
  queryOptions({
    queryKey: ['people', person, 'providers'],
    queryFn: async ({ signal }) =>
      (await call<{ items: Tie[] }>('GET', `/people/${person}/providers`, { signal })).items,
  });

/** Lets a person in through a provider, the first time that they come by it. */
export const expectPerson = (person: string, provider: string) =>
  call<void>('PUT', `/people/${person}/providers/${provider}`);

export const unlink = (person: string, provider: string) =>
  call<void>('DELETE', `/people/${person}/providers/${provider}`);

export const providers = queryOptions({
  queryKey: ['providers'],
  queryFn: async ({ signal }) => (await call<{ items: Provider[] }>('GET', '/providers', { signal })).items,
});

export const addProvider = (draft: ProviderDraft) => call<Provider>('POST', '/providers', { body: draft });

export const changeProvider = (id: string, draft: ProviderDraft) =>
  call<Provider>('PUT', `/providers/${id}`, { body: draft });

export const removeProvider = (id: string, version: number) =>
  call<void>('DELETE', `/providers/${id}`, { query: { version } });

/** Asks the provider to describe itself; fails with what is wrong. */
export const checkProvider = (id: string) => call<void>('POST', `/providers/${id}/check`);

export const directory = queryOptions({
  queryKey: ['directory'],
  queryFn: ({ signal }) => call<Directory>('GET', '/directory', { signal }),
});

export const changeDirectory = (body: DirectoryBody) => call<Directory>('PUT', '/directory', { body });
