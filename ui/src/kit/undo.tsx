import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { useTell } from './failure';

/**
 * Gives a function that tells what was done and offers to take it back, for
 * as long as the note stands.
 */
export function useUndo() {
  const tell = useTell();
  const { t } = useLingui();
  return (message: ReactNode, undo: () => Promise<unknown>) => {
    const id = notifications.show({
      autoClose: 12_000,
      withBorder: true,
      closeButtonProps: { 'aria-label': t`Close` },
      message: (
        <Group justify="space-between" wrap="nowrap" gap="md">
          <Text size="sm">{message}</Text>
          <Button
            variant="subtle"
            onClick={async () => {
              notifications.hide(id);
              try {
                await undo();
                notifications.show({
                  message: t`Taken back.`,
                  autoClose: 3000,
                  closeButtonProps: { 'aria-label': t`Close` },
                });
              } catch (failure) {
                tell(failure);
              }
            }}
          >
            <Trans>Undo</Trans>
          </Button>
        </Group>
      ),
    });
  };
}
