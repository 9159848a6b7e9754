import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Textarea } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './filter-bar.module.css';

/** The whole condition, to be typed by those who know its language. */
export default function FilterLine({
  value,
  onChange,
  onClose,
}: {
  value: string;
  onChange: (next: string) => void;
  onClose?: (() => void) | undefined;
}) {
  const { t } = useLingui();
  const [typed, setTyped] = useState(value);
  return (
    <Group gap={6} className={classes.bar} wrap="nowrap" align="flex-start">
      <Textarea
        size="xs"
        autosize
        minRows={1}
        style={{ flex: 1, minWidth: 220 }}
        spellCheck={false}
        aria-label={t`Filter as a line`}
        placeholder='city = "Berlin" and (tags has vip or created_at >= today-30d)'
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            onChange(typed.trim());
          }
        }}
      />
      <Button variant="default" onClick={() => onChange(typed.trim())}>
        <Trans>Apply</Trans>
      </Button>
      <ActionIcon
        aria-label={t`Close`}
        size={30}
        onClick={() => {
          if (!onClose) onChange('');
          onClose?.();
        }}
      >
        <IconX size={15} />
      </ActionIcon>
    </Group>
  );
}
