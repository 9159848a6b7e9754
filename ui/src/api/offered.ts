import { queryOptions } from '@tanstack/react-query';
import type { OfferedShape } from './generated';
import { call } from './http';

/** The words that are offered where somebody writes tags, or where a client comes from. */
export type Offered = OfferedShape;

export const offered = queryOptions({
  queryKey: ['offered'],
  queryFn: ({ signal }) => call<Offered>('GET', '/settings/words', { signal }),
  staleTime: 60_000,
});

export const setOffered = (next: Offered) => call<Offered>('PUT', '/settings/words', { body: next });
