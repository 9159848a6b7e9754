import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Group, SegmentedControl, Textarea } from '@mantine/core';
import { IconMail } from '@tabler/icons-react';
import { useState } from 'react';
import type { RecordRef } from '../../api/records';
import { useDraft } from '../../kit/draft';
import classes from './messages.module.css';

/**
 * Below a conversation: a text message or a chat, noted as it was said, and the
 * way to write a mail. What is typed survives until it is kept.
 */
export function Reply({
  partner,
  onDone,
  onLetter,
}: {
  partner: RecordRef;
  onDone: () => void;
  onLetter?: (() => void) | undefined;
}) {
  const { t } = useLingui();
  const { typed, type, send, busy } = useDraft(`castellan.reply.${partner.id}`);
  const [channel, setChannel] = useState('chat');
  const [direction, setDirection] = useState('out');

  async function keep() {
    const values = (body: string) => ({ body, channel, direction, [partner.kind]: partner.id });
    if (await send('messages', values)) onDone();
  }

  return (
    <form
      className={classes.reply}
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <Textarea
        autosize
        minRows={2}
        maxRows={8}
        aria-label={t`What was said`}
        placeholder={t`Note what was said by SMS or in a chat`}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void keep();
        }}
      />
      <Group gap={8} mt={8}>
        <SegmentedControl
          size="xs"
          aria-label={t`Channel`}
          value={channel}
          onChange={setChannel}
          data={[
            { value: 'chat', label: t`Chat` },
            { value: 'sms', label: t`SMS` },
          ]}
        />
        <SegmentedControl
          size="xs"
          aria-label={t`Who wrote it`}
          value={direction}
          onChange={setDirection}
          data={[
            { value: 'out', label: t`From us` },
            { value: 'in', label: t`From the client` },
          ]}
        />
        <Button type="submit" ms="auto" disabled={!typed.trim()} loading={busy}>
          <Trans>Note it</Trans>
        </Button>
        {onLetter && (
          <Button variant="default" leftSection={<IconMail size={15} />} onClick={onLetter}>
            <Trans>Write a mail</Trans>
          </Button>
        )}
      </Group>
    </form>
  );
}
