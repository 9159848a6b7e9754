import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Loader, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { kinds } from '../api/kinds';
import { type Record_, sendAgain } from '../api/records';
import { useTell } from './failure';
import { optionLabel } from './words';

/** How a mail of ours stands. One that did not arrive says why, and can be sent again. */
export function Delivery({ message, onSent }: { message: Record_; onSent: () => void }) {
  const { t } = useLingui();
  const tell = useTell();
  const { data: all } = useQuery(kinds);
  const [busy, setBusy] = useState(false);
  const kind = all?.find((each) => each.name === 'message');
  if (message.delivery === 'waiting') {
    return (
      <Text component="span" size="xs" c="dimmed" role="status">
        <Loader size={10} mr={5} />
        <Trans>on its way</Trans>
      </Text>
    );
  }
  if (message.delivery !== 'failed') return null;
  const field = kind?.fields.find((each) => each.name === 'problem');
  const why = field && message.problem ? optionLabel(field, String(message.problem)) : '';
  const may = message.can?.edit !== false && (kind?.actions.edit ?? 'denied') !== 'denied';

  async function again() {
    setBusy(true);
    try {
      await sendAgain(message.id);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
      onSent();
    }
  }

  return (
    <div role="status">
      <Text
        component="span"
        size="xs"
        c="light-dark(var(--mantine-color-red-9), var(--mantine-color-red-3))"
        fw={600}
      >
        <IconAlertTriangle size={13} aria-hidden style={{ verticalAlign: '-2px' }} /> {t`Not delivered.`}
      </Text>{' '}
      <Text component="span" size="xs">
        {why}
      </Text>{' '}
      {may && (
        <Button variant="default" size="compact-xs" loading={busy} onClick={again}>
          <Trans>Send again</Trans>
        </Button>
      )}
    </div>
  );
}
