import { Trans } from '@lingui/react/macro';
import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';

/** A link that works once, to be handed over; it is not shown again. */
export function OneTimeLink({ url: given, brief = false }: { url: string; brief?: boolean }) {
  // A server that was not told its address gives the path alone.
  const url = new URL(given, location.origin).href;
  return (
    <Stack gap="xs">
      {!brief && (
        <Text size="sm">
          <Trans>
            Give this link to the person by a way that others do not read. It works once, and is not shown
            again: with it they choose a password.
          </Trans>
        </Text>
      )}
      <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
        {url}
      </Code>
      <Group>
        <CopyButton value={url}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  );
}
