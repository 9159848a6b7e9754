import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Entry as Entry_, Event } from './generated';
import { call, text } from './http';

export type Entry = Entry_;

export interface LedgerQuestion {
  person?: string;
  record?: string;
  event?: string;
  from?: string;
  to?: string;
}

export const entries = (question: LedgerQuestion) =>
  infiniteQueryOptions({
    queryKey: ['ledger', question],
    queryFn: ({ pageParam, signal }) =>
      call<{ items: Entry[]; next?: string | null }>('GET', '/ledger', {
        query: { ...question, cursor: pageParam || undefined },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last: { next?: string | null }) => last.next ?? undefined,
  });

export const events = queryOptions({
  queryKey: ['ledger', 'events'],
  queryFn: async ({ signal }) => (await call<{ items: Event[] }>('GET', '/ledger/events', { signal })).items,
  staleTime: Number.POSITIVE_INFINITY,
});

export const checkpoint = () => text('GET', '/ledger/checkpoint');
export const proof = (seq: number) => text('GET', `/ledger/${seq}/proof`);
export const ledgerKey = () => text('GET', '/ledger/key');
