import { Trans } from '@lingui/react/macro';
import { Alert, Button, Group, Text } from '@mantine/core';

/** In a form that changes something: it shows what was typed before and not saved, which can be given up. */
export function Left({ left, onDrop }: { left: boolean; onDrop: () => void }) {
  if (!left) return null;
  return (
    <Alert color="blue" variant="light" role="status" py={8}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm">
          <Trans>Begun earlier, not saved yet.</Trans>
        </Text>
        <Button variant="subtle" size="compact-sm" style={{ flex: 'none' }} onClick={onDrop}>
          <Trans>Leave as it was</Trans>
        </Button>
      </Group>
    </Alert>
  );
}
