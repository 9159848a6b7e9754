import { useQueryClient } from '@tanstack/react-query';
import { signOut } from '../api/session';

/** The way out, from wherever it is taken. */
export function useLeave() {
  const client = useQueryClient();
  return async () => {
    try {
      await signOut();
    } finally {
      // Nothing of what was open stays behind on a shared computer.
      sessionStorage.clear();
      client.clear();
      location.assign('/');
    }
  };
}
