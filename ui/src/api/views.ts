import { queryOptions } from '@tanstack/react-query';
import type { View as View_, ViewBody } from './generated';
import { call } from './http';

export type View = View_;
export type ViewDraft = ViewBody;

/** The saved views of a list that the person may know of. */
export const views = (kind: string) =>
  queryOptions({
    queryKey: ['views', kind],
    queryFn: async ({ signal }) =>
      (await call<{ items: View[] }>('GET', '/views', { query: { kind }, signal })).items,
    staleTime: 60_000,
  });

export const saveView = (view: ViewDraft) => call<View>('POST', '/views', { body: view });

export const changeView = (id: string, view: ViewDraft) =>
  call<View>('PATCH', `/views/${id}`, { body: view });

export const dropView = (id: string) => call<void>('DELETE', `/views/${id}`);
