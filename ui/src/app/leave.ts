import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { signOut } from '../api/session';
import { sessionEnded } from '../kit/ended';

/** The way out, from wherever it is taken. */
export function useLeave() {
  const client = useQueryClient();
  const { history } = useRouter();
  return async () => {
    const door = { ...history.location, pathname: '/sign-in', search: '', hash: '', href: '/sign-in' };
    // What is not saved is asked about first: afterwards nobody could save it.
    for (const { blockerFn } of history._getBlockers())
      if (await blockerFn({ currentLocation: history.location, nextLocation: door, action: 'PUSH' })) return;
    try {
      await signOut();
    } finally {
      // Nothing of what was open stays behind on a shared computer.
      sessionStorage.clear();
      client.clear();
      sessionEnded();
      location.assign('/');
    }
  };
}
