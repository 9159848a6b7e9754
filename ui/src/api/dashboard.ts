import { queryOptions } from '@tanstack/react-query';
import type { Dashboard as Dashboard_, Figure as Figure_ } from './generated';
import { call } from './http';

export type Dashboard = Dashboard_;
export type Figure = Figure_;

/** Counts and money, and nothing of any record. */
export const dashboard = queryOptions({
  queryKey: ['dashboard'],
  queryFn: ({ signal }) => call<Dashboard>('GET', '/dashboard', { signal }),
  staleTime: 30_000,
});
