import { Trans, useLingui } from '@lingui/react/macro';
import { Anchor, Button, Stack } from '@mantine/core';
import { IconShieldLock } from '@tabler/icons-react';
import type { Problem } from '../api/http';
import { Empty } from '../kit/empty';
import { useSentence } from '../kit/failure';

/** Somebody known, at a place or an hour that is not one to work from. */
export default function NotNow({ problem }: { problem: Problem }) {
  const { t } = useLingui();
  const sentence = useSentence();
  return (
    <Empty
      icon={<IconShieldLock size={24} />}
      title={problem.code === 'entry.hour' ? t`Not at this hour` : t`Not from this network`}
      action={
        <Stack gap="xs" align="center">
          <Button onClick={() => location.reload()}>
            <Trans>Try again</Trans>
          </Button>
          <Anchor href="/sign-in" size="sm">
            <Trans>Sign in as somebody else</Trans>
          </Anchor>
        </Stack>
      }
    >
      {sentence(problem)}
    </Empty>
  );
}
