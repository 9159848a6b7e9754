import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Device as Device_, Place as Place_, SessionItem } from './generated';
import { call } from './http';

export type Device = Device_;
export type Place = Place_;

/** One sign-in of somebody: by what device, from where, until when. */
export type SessionOf = SessionItem;

/** Every session of one person, past ones included. */
export const sessions = (person: string) =>
  queryOptions({
    queryKey: ['sessions', person],
    queryFn: async ({ signal }) =>
      (await call<{ items: SessionOf[] }>('GET', `/people/${person}/sessions`, { signal })).items,
  });

/** Who is signed in now. */
export const liveSessions = infiniteQueryOptions({
  queryKey: ['sessions', 'live'],
  queryFn: ({ pageParam, signal }) =>
    call<{ items: SessionOf[]; next?: string | null }>('GET', '/security/sessions', {
      query: { cursor: pageParam || undefined },
      signal,
    }),
  initialPageParam: '',
  getNextPageParam: (last: { next?: string | null }) => last.next ?? undefined,
});

export const endSession = (id: string) => call<void>('DELETE', `/sessions/${id}`);
export const endSessions = (person: string) => call<void>('DELETE', `/people/${person}/sessions`);
export const endEveryone = () => call<{ ended: number }>('DELETE', '/security/sessions');

/** This was not me: ends it, and every other session but this one. */
export const disown = (id: string) => call<void>('POST', `/sessions/${id}/disown`);
