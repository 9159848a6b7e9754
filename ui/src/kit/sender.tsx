import { Trans } from '@lingui/react/macro';
import { Text } from '@mantine/core';
import { IconHelpCircle } from '@tabler/icons-react';
import type { Record_ } from '../api/records';
import { When } from './when';

/** How far the date that a mail gives may be from when it was received before it is told. */
const near = 60 * 60 * 1000;

/** What is not proven of a mail that came in, in plain words: anybody can write any sender and any date.
 *  One that came before senders were looked at is not proven either. */
export function Sender({ message }: { message: Record_ }) {
  const claimed = typeof message.claimed_at === 'string' ? message.claimed_at : null;
  const far =
    claimed !== null &&
    typeof message.at === 'string' &&
    Math.abs(Date.parse(claimed) - Date.parse(message.at)) > near;
  const doubtful = message.sender !== 'proven';
  if (!doubtful && !far) return null;
  return (
    <Text component="div" size="xs" c="var(--c-warn)">
      {doubtful && (
        <span>
          <IconHelpCircle size={13} aria-hidden style={{ verticalAlign: '-2px' }} />{' '}
          {message.sender === 'other' ? (
            <Trans>Sender not proven: it came from an address that the client does not have.</Trans>
          ) : (
            <Trans>Sender not proven: somebody else may have written this.</Trans>
          )}{' '}
        </span>
      )}
      {far && (
        <span>
          <Trans>
            The mail itself gives another date: <When at={claimed} />
          </Trans>
        </span>
      )}
    </Text>
  );
}
