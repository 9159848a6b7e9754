import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type {
  Setup as Entrance,
  Look,
  Notice,
  NoticeList,
  Session as Session_,
  SetupBody,
  Weigh,
} from './generated';
import { call, Problem } from './http';
import type { Grades } from './kinds';
import { forgetViewing } from './viewing';

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
      if (problem instanceof Problem && problem.code === 'viewas.over') {
        forgetViewing();
        return await call<Session>('GET', '/session', { signal });
      }
      throw problem;
    }
  },
  staleTime: 60_000,
});

/** Whether the session still holds; throws what the server says if it does not. */
export const check = () => call<unknown>('GET', '/session');

export const setupNeeded = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => call<Entrance>('GET', '/setup', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** What strangers may know of the house: whether it can send mail, and how long a password must be. */
export const entrance = setupNeeded;

export const setUp = (setup: Setup) => call<Session>('POST', '/setup', { body: setup });

export const signIn = (email: string, password: string) =>
  call<Session>('POST', '/session', { body: { email, password } });

export type Awaited = Look;

/** Whom a one-time link is for. It uses nothing up. */
export const look = (token: string) => call<Awaited>('POST', '/session/link/look', { body: { token } });

/** Sets a password by the one-time link that somebody was given, and signs in. */
export const redeem = (
  token: string,
  password: string,
  about: { name?: string; language?: string; time_zone?: string } = {},
) => call<Session>('POST', '/session/link', { body: { token, password, ...about } });

/** Has a link mailed to whoever has this address, if there is somebody. */
export const forgotten = (email: string) => call<void>('POST', '/session/forgotten', { body: { email } });

/** What a password is worth that is being typed. */
export const weigh = (password: string, token: string | undefined, signal: AbortSignal) =>
  call<Weigh>('POST', '/session/password/weigh', { body: { password, ...(token ? { token } : {}) }, signal });

export const changeEmail = (email: string, password: string) =>
  call<void>('POST', '/session/email', { body: { email, password } });

export const confirmEmail = (token: string) =>
  call<void>('POST', '/session/email/confirm', { body: { token } });

export type NoticeItem = Notice;

export const notices = queryOptions({
  queryKey: ['notices'],
  queryFn: async ({ signal }) => (await call<NoticeList>('GET', '/session/notices', { signal })).items,
  refetchInterval: 120_000,
});

export const seeNotices = (upTo: string) =>
  call<void>('POST', '/session/notices/seen', { body: { up_to: upTo } });

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
