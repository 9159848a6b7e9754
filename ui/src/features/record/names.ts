import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { kinds } from '../../api/kinds';
import type { RecordRef } from '../../api/records';
import { pipelines } from '../../api/workspace';

/** Names of stages and pipelines by id, and addresses of related records. */
export function useNames() {
  const { data: all } = useQuery(kinds);
  const staged = !!all?.some((kind) => kind.stage);
  const { data: lines } = useQuery({ ...pipelines, enabled: staged });
  const known = useMemo(() => {
    const found = new Map<string, string>();
    for (const pipeline of lines ?? []) {
      found.set(pipeline.id, pipeline.name);
      for (const stage of pipeline.stages) if (stage.id) found.set(stage.id, stage.name);
    }
    return found;
  }, [lines]);
  const nameOf = useCallback((id: string) => known.get(id), [known]);
  const linkTo = useCallback(
    (ref: RecordRef) => {
      const kind = all?.find((each) => each.name === ref.kind);
      return kind ? `/${kind.plural}/${ref.id}` : undefined;
    },
    [all],
  );
  return { nameOf, linkTo };
}
