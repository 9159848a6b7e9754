import { useLingui } from '@lingui/react/macro';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { why } from '../../api/records';
import { holds, useMe } from '../../api/session';

/** The server's own reason, in one sentence. */
export function Why({
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
  const may = holds(useMe(), 'explain');
  const { data, isError } = useQuery({
    ...why(plural, id, { ...(field ? { field } : {}), ...(action ? { action } : {}) }),
    enabled: may,
    retry: false,
  });
  if (isError || !may) return <>{t`Your role does not open this. Whoever manages roles can change that.`}</>;
  if (!data) return <Skeleton height={12} width="80%" />;
  return <>{data.sentence ?? data.because.join(' ')}</>;
}
