import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { call, Problem } from './http';
import type { Grades } from './kinds';

export interface Session {
  person: { id: string; name: string; email: string; language: string; role: { id: string; name: string } };
  abilities: string[];
  kinds: Record<string, Grades>;
  workspace: { name: string; region: string; language: string; time_zone: string };
  view_as?: { id: string; name: string };
}

export interface Setup {
  token: string;
  workspace: string;
  name: string;
  email: string;
  password: string;
  language: string;
  region: string;
  time_zone: string;
}

/** Who is signed in; null when nobody is. */
export const session = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await call<Session>('GET', '/session', { signal });
    } catch (problem) {
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

export const signOut = () => call<void>('DELETE', '/session');

/** The session of whoever is signed in. Only for what stands behind the door. */
export function useMe(): Session {
  const { data } = useSuspenseQuery(session);
  if (!data) throw new Error('nobody is signed in');
  return data;
}

/** Whether the server said that the person holds the ability. It only hides; the server decides. */
export const holds = (me: Session, ability: string) => me.abilities.includes(ability);
