import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Checkbox, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload, IconPrinter } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './factors.module.css';

/** Ten codes, shown this once: to be copied, printed or kept as a file. */
export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const { t } = useLingui();
  const [kept, setKept] = useState(false);
  const text = codes.join('\n');

  function download() {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
    link.download = 'castellan-recovery-codes.txt';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  return (
    <Stack gap="sm">
      <Text size="sm">
        <Trans>
          If your phone is gone, one of these codes lets you in instead. Each works once. They are shown only
          now.
        </Trans>
      </Text>
      <ol className={classes.codes} aria-label={t`Recovery codes`}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <Group gap="xs" className={classes.tools}>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="xs"
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              onClick={copy}
            >
              {copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPrinter size={14} />}
          onClick={() => window.print()}
        >
          <Trans>Print</Trans>
        </Button>
        <Button variant="default" size="xs" leftSection={<IconDownload size={14} />} onClick={download}>
          <Trans>Save as a file</Trans>
        </Button>
      </Group>
      <Alert color="gray" variant="light">
        <Trans>Keep them where you keep papers of value, not on the same phone.</Trans>
      </Alert>
      <Checkbox
        checked={kept}
        onChange={(event) => setKept(event.currentTarget.checked)}
        label={t`I have kept them`}
      />
      <Button size="md" disabled={!kept} onClick={onKept}>
        <Trans>Done</Trans>
      </Button>
    </Stack>
  );
}
