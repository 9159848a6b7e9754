import { Trans, useLingui } from '@lingui/react/macro';
import { Anchor, Skeleton, Stack } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Suspense } from 'react';
import { Problem } from '../api/http';
import { Empty } from '../kit/empty';
import { Failure } from '../kit/failure';
import { later, part } from '../kit/later';

const NotNow = part(later(() => import('./not-now')));

/** While a page's own code is fetched. */
export function Pending() {
  return (
    <Stack p="lg" gap="sm" aria-busy>
      <Skeleton height={18} width={180} />
      <Skeleton height={12} width="60%" />
      <Skeleton height={12} width="48%" />
    </Stack>
  );
}

/** What could not be shown, with another try. */
export function Wrong({ error, reset }: ErrorComponentProps) {
  if (error instanceof Problem && error.code.startsWith('entry.')) {
    return (
      <Suspense fallback={<Pending />}>
        <NotNow problem={error} />
      </Suspense>
    );
  }
  return <Failure failure={error} retry={reset} />;
}

/** An address that leads nowhere. */
export function Missing() {
  const { t } = useLingui();
  return (
    <Empty
      icon={<IconMapOff size={24} />}
      title={t`There is nothing here`}
      action={
        <Anchor href="/">
          <Trans>Back to the clients</Trans>
        </Anchor>
      }
    >
      <Trans>The address leads nowhere, or to something that is not yours to see.</Trans>
    </Empty>
  );
}
