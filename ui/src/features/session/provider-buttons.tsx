import { Trans } from '@lingui/react/macro';
import { Button, Divider, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { beginSignIn, doors } from '../../api/providers';

/** A button for each provider by which one can sign in; nothing where there is none. */
export function ProviderButtons({ to, fail }: { to: string | undefined; fail: (failure: unknown) => void }) {
  const { data = [] } = useQuery({ ...doors, retry: false });
  const [busy, setBusy] = useState('');

  async function go(provider: string) {
    setBusy(provider);
    try {
      location.assign((await beginSignIn(provider, to)).url);
    } catch (failure) {
      fail(failure);
      setBusy('');
    }
  }

  if (data.length === 0) return null;
  return (
    <Stack gap="sm" mt="md">
      <Divider label={<Trans>or</Trans>} labelPosition="center" />
      {data.map((door) => (
        <Button
          key={door.id}
          variant="default"
          size="md"
          loading={busy === door.id}
          disabled={busy !== '' && busy !== door.id}
          onClick={() => void go(door.id)}
        >
          <Trans>Sign in with {door.name}</Trans>
        </Button>
      ))}
    </Stack>
  );
}
