import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { SignInItem, SignInSummary as Summary_ } from './generated';
import { call } from './http';

export type SignIn = SignInItem;
export type SignInSummary = Summary_;
export type Outcome = SignIn['outcome'];

export interface SignInQuestion {
  person?: string;
  outcome?: string;
  address?: string;
  from?: string;
  to?: string;
}

/** Who got in, who did not, and what changed about getting in; newest first. */
export const signIns = (question: SignInQuestion) =>
  infiniteQueryOptions({
    queryKey: ['sign-ins', question],
    queryFn: ({ pageParam, signal }) =>
      call<{ items: SignIn[]; next?: string | null }>('GET', '/security/sign-ins', {
        query: { ...question, cursor: pageParam || undefined },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last: { next?: string | null }) => last.next ?? undefined,
  });

/** The last days hour by hour, and whose tries are slowed now. */
export const signInSummary = queryOptions({
  queryKey: ['sign-ins', 'summary'],
  queryFn: ({ signal }) => call<SignInSummary>('GET', '/security/sign-ins/summary', { signal }),
});
