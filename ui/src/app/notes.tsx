import { useLingui } from '@lingui/react/macro';
import { MantineThemeProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';

/**
 * Where notes stand: what was done, with an undo, and what went wrong. The way
 * out of a note has its name from here, whoever shows the note.
 */
export default function Notes() {
  const { t } = useLingui();
  const out = { closeButtonProps: { 'aria-label': t`Close` } };
  return (
    <MantineThemeProvider inherit theme={{ components: { Notification: { defaultProps: out } } }}>
      <Notifications position="bottom-center" limit={3} containerWidth={460} />
    </MantineThemeProvider>
  );
}
