import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Code, CopyButton, Group, Stack } from '@mantine/core';

/** A secret that is shown this once, to be copied. */
export function ShownOnce({ secret, onDone }: { secret: string; onDone: () => void }) {
  const { t } = useLingui();
  return (
    <Alert color="accent" variant="light" mt="md" title={t`Copy it now; it is not shown again.`}>
      <Stack gap="xs">
        <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {secret}
        </Code>
        <Group>
          <Copy value={secret} />
          <Button variant="subtle" onClick={onDone}>
            <Trans>I have it</Trans>
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

/** A button that copies a text. */
export function Copy({ value }: { value: string }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy} style={{ flexShrink: 0 }}>
          {copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}
        </Button>
      )}
    </CopyButton>
  );
}

/** An address that another system is to be told. */
export function Address({ label, value }: { label: string; value: string }) {
  return (
    <Stack gap={4}>
      <span style={{ fontSize: '0.8125rem', color: 'var(--c-quiet)' }}>{label}</span>
      <Group gap="xs" wrap="nowrap">
        <Code style={{ overflowWrap: 'anywhere', flex: '0 1 auto', minWidth: 0 }}>{value}</Code>
        <Copy value={value} />
      </Group>
    </Stack>
  );
}
