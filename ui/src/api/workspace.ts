import { queryOptions } from '@tanstack/react-query';
import { call } from './http';

export interface Settings {
  workspace: string;
  region: string;
  language: string;
  time_zone: string;
}

export const settings = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => call<Settings>('GET', '/settings', { signal }),
});

export const changeSettings = (body: Partial<Settings>) => call<Settings>('PATCH', '/settings', { body });

export interface Stage {
  id?: string;
  name: string;
  outcome: 'open' | 'won' | 'lost';
}

export interface Pipeline {
  id: string;
  name: string;
  stages: Stage[];
}

export const pipelines = queryOptions({
  queryKey: ['pipelines'],
  queryFn: async ({ signal }) => (await call<{ items: Pipeline[] }>('GET', '/pipelines', { signal })).items,
  staleTime: 60_000,
});

export const addPipeline = (draft: Omit<Pipeline, 'id'>) =>
  call<Pipeline>('POST', '/pipelines', { body: draft });
export const changePipeline = (id: string, draft: Omit<Pipeline, 'id'>) =>
  call<Pipeline>('PATCH', `/pipelines/${id}`, { body: draft });

export interface Key {
  id: string;
  name: string;
  role: { id: string; name: string };
  owner?: { id: string; name: string };
  created_at: string;
  last_used_at?: string | null;
  ends_at?: string | null;
}

export const keys = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await call<{ items: Key[] }>('GET', '/keys', { signal })).items,
});

/** The answer holds the token, this one time. */
export const addKey = (draft: { name: string; role: string; ends_at?: string }) =>
  call<Key & { token: string }>('POST', '/keys', { body: draft });

export const removeKey = (id: string) => call<void>('DELETE', `/keys/${id}`);
