import { queryOptions } from '@tanstack/react-query';
import type { EveryTerms, HoursShape, Terms as Terms_, TermsBody } from './generated';
import { call } from './http';

export type Terms = Terms_;
export type Hours = HoursShape;
export type Scope = Terms['scope'];

/** On what terms people are let in, and from where this was asked. */
export const everyTerms = queryOptions({
  queryKey: ['terms'],
  queryFn: ({ signal }) => call<EveryTerms>('GET', '/security/terms', { signal }),
});

const path = (scope: Scope, id: string) =>
  scope === 'workspace'
    ? '/security/terms/workspace'
    : `/security/terms/${scope === 'role' ? 'roles' : 'people'}/${id}`;

export const setTerms = (scope: Scope, id: string, terms: TermsBody) =>
  call<Terms>('PUT', path(scope, id), { body: terms });
