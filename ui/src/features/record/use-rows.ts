import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { lookAt, mend, rowsOf } from '../../api/pages';
import { list, type Question } from '../../api/records';

const screenful = 60;

/**
 * The rows of a list as far as it was scrolled through. What changes is asked
 * for anew where it is in sight, as `onSight` tells, and elsewhere once it comes
 * into sight.
 */
export function useRows(plural: string, question: Question, enabled: boolean) {
  const client = useQueryClient();
  const options = list(plural, question);
  const asked = useInfiniteQuery({ ...options, placeholderData: keepPreviousData, enabled });
  const { data } = asked;
  const rows = useMemo(() => rowsOf(data?.pages), [data]);

  const sight = useRef({ from: 0, to: screenful });
  const key = useRef(options.queryKey);
  key.current = options.queryKey;
  const look = useCallback(() => {
    lookAt(client, key.current, sight.current.from, sight.current.to);
    mend(client, key.current);
  }, [client]);
  const onSight = useCallback(
    (from: number, to: number) => {
      sight.current = { from, to };
      look();
    },
    [look],
  );
  // Another question begins at its top; what has come may be old where the sight is by now.
  useEffect(() => {
    if (data) look();
  }, [data, look]);
  useEffect(() => () => lookAt(client, key.current, 0, screenful), [client]);

  return { ...asked, rows, count: data?.pages[0]?.count, onSight };
}
