import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type { Session as Session_, SetupBody } from './generated';
import { call, Problem } from './http';
import type { Grades } from './kinds';

export type Session = Omit<Session_, 'kinds'> & { kinds: Record<string, Grades> };

export type Setup = SetupBody;

/** What a sign-in still waits for, and by which proofs it goes on. */
export interface Halfway {
  needs: 'factor' | 'enrol';
  ways: string[];
}

export const halfwayKey = ['halfway'] as const;

/** What a refusal says of a sign-in that is halfway; null if it says nothing. */
export function halfwayOf(problem: unknown): Halfway | null {
  if (!(problem instanceof Problem) || !/^session\.(factor|enrol)$/.test(problem.code)) return null;
  return { needs: problem.code === 'session.enrol' ? 'enrol' : 'factor', ways: problem.ways };
}

/** Who is signed in; null when nobody is, or only halfway. */
export const session = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal, client }): Promise<Session | null> => {
    try {
      return await call<Session>('GET', '/session', { signal });
    } catch (problem) {
      client.setQueryData(halfwayKey, halfwayOf(problem));
      if (problem instanceof Problem && problem.status === 401) return null;
      throw problem;
    }
  },
  staleTime: 60_000,
});

export const setupNeeded = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => call<{ needed: boolean }>('GET', '/setup', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const setUp = (setup: Setup) => call<Session>('POST', '/setup', { body: setup });

export const signIn = (email: string, password: string) =>
  call<Session>('POST', '/session', { body: { email, password } });

/** Sets a password by the one-time link that somebody was given, and signs in. */
export const redeem = (token: string, password: string) =>
  call<Session>('POST', '/session/link', { body: { token, password } });

export const changePassword = (old: string, next: string) =>
  call<void>('POST', '/session/password', { body: { old, new: next } });

export const signOut = () => call<void>('DELETE', '/session');

/** The session of whoever is signed in. Only for what stands behind the door. */
export function useMe(): Session {
  const { data } = useSuspenseQuery(session);
  if (!data) throw new Error('nobody is signed in');
  return data;
}

/** Whether the server said that the person holds the ability. It only hides; the server decides. */
export const holds = (me: Session, ability: string) => me.abilities.includes(ability);
