import { useLingui } from '@lingui/react/macro';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Sight } from '../../api/kinds';
import { why } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { useReasonWords } from '../../kit/reason-words';

/** The reason that decides, in one sentence. */
export default function Why({
  plural,
  id,
  field,
  action,
}: {
  plural: string;
  id: string;
  field?: string;
  action?: string;
}) {
  const { t } = useLingui();
  const say = useReasonWords();
  const may = holds(useMe(), 'explain');
  const { data, isError } = useQuery({
    ...why(plural, id, { ...(field ? { field } : {}), ...(action ? { action } : {}) }),
    enabled: may,
    retry: false,
  });
  if (isError || !may) return <>{t`Your role does not open this. Whoever manages roles can change that.`}</>;
  if (!data) return <Skeleton height={12} width="80%" />;
  const [first] = data.because;
  return <>{first ? say(first, data.sight as Sight | undefined) : data.sentence}</>;
}
