import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, Modal, Text } from '@mantine/core';

/** Whether a page is left with what was changed on it. Closing the question stays. */
export default function Question({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  const { t } = useLingui();
  return (
    <Modal
      opened
      onClose={onStay}
      size="sm"
      zIndex={350}
      title={t`Leave without saving?`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <Text size="sm">
        <Trans>What you changed on this page is not saved yet.</Trans>
      </Text>
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="subtle" color="red" size="sm" onClick={onLeave}>
          <Trans>Leave without saving</Trans>
        </Button>
        <Button size="sm" data-autofocus onClick={onStay}>
          <Trans>Stay</Trans>
        </Button>
      </Group>
    </Modal>
  );
}
