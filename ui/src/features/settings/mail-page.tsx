import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Alert, Badge, Button, Group, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { mail, testMail } from '../../api/workspace';
import { Failure } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { When } from '../../kit/when';
import { MailboxPanel } from './mailbox';

/** The mail server, what waits, and what could not be delivered. It shows no address and no word of a mail. */
export function MailPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(mail);
  const problemWords = useProblemWords();
  const templates = useTemplateWords();
  const [outcome, setOutcome] = useState<{ good: boolean; text: string } | null>(null);
  const [busy, setBusy] = useState(false);

  async function test() {
    setBusy(true);
    setOutcome(null);
    try {
      await testMail();
      setOutcome({ good: true, text: t`The mail server has taken a test mail to your own address.` });
    } catch (problem) {
      const code = (problem as { code?: string }).code?.replace(/^mail\./, '') ?? '';
      setOutcome({ good: false, text: problemWords(code) });
    } finally {
      setBusy(false);
      void client.invalidateQueries({ queryKey: ['mail'] });
    }
  }

  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data) {
    return (
      <Column>
        <Skeleton height={240} />
      </Column>
    );
  }
  return (
    <Column>
      <Panel
        title={t`Mail`}
        note={t`Invitations, links for a new password and notices about accounts go out by it.`}
        action={
          data.configured && (
            <Button variant="default" loading={busy} onClick={test}>
              <Trans>Send me a test</Trans>
            </Button>
          )
        }
      >
        <Stack gap="sm">
          {outcome && (
            <Alert color={outcome.good ? 'teal' : 'red'} variant="light" role="status">
              {outcome.text}
            </Alert>
          )}
          {data.configured ? (
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              <Trans>
                Sent by {data.server} as {data.from}.
              </Trans>
            </Text>
          ) : (
            <Text size="sm">
              <Trans>
                No mail server is set. Links are shown to whoever makes them, to pass on. Whoever runs
                Castellan sets one with --mail-server, --mail-from and --url.
              </Trans>
            </Text>
          )}
          <Group gap="lg">
            <Text size="sm">
              <Plural value={data.waiting} one="# mail waits" other="# mails wait" />
            </Text>
            <Text size="sm">
              <Plural value={data.sent} one="# sent in 30 days" other="# sent in 30 days" />
            </Text>
            <Text size="sm" c={data.given_up > 0 ? 'red' : undefined}>
              <Plural value={data.given_up} one="# not delivered" other="# not delivered" />
            </Text>
          </Group>
        </Stack>
      </Panel>
      <MailboxPanel />
      {data.trouble.length > 0 && (
        <Panel title={t`What did not go out at once`}>
          <Table.ScrollContainer minWidth={520}>
            <Table verticalSpacing={7}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>
                    <Trans>Mail</Trans>
                  </Table.Th>
                  <Table.Th>
                    <Trans>Why</Trans>
                  </Table.Th>
                  <Table.Th>
                    <Trans>Last try</Trans>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.trouble.map((one) => (
                  <Table.Tr key={`${one.created_at}${one.template}`}>
                    <Table.Td>
                      {templates[one.template] ?? one.template}{' '}
                      {one.state === 'given_up' ? (
                        <Badge variant="light" color="red" tt="none">
                          <Trans>given up</Trans>
                        </Badge>
                      ) : (
                        <Badge variant="light" color="gray" tt="none">
                          <Trans>tried again later</Trans>
                        </Badge>
                      )}
                    </Table.Td>
                    <Table.Td>
                      {problemWords(one.problem)} {one.reply}
                    </Table.Td>
                    <Table.Td>
                      <When at={one.tried_at} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Panel>
      )}
    </Column>
  );
}

function useProblemWords() {
  const { t } = useLingui();
  return (code: string) =>
    ({
      none: t`No mail server is set.`,
      unreachable: t`The mail server cannot be reached.`,
      silent: t`The mail server does not answer in time.`,
      certificate: t`The certificate of the mail server is not one that this machine believes.`,
      starttls: t`The mail server offers no encryption.`,
      password: t`The mail server does not accept the user and password.`,
      sender: t`The mail server refuses the sender's address.`,
      recipient: t`The mail server refuses the recipient's address.`,
      refused: t`The mail server refuses the message.`,
      late: t`It was of no use any more when it could be sent.`,
      files: t`A file that was to go with it is not there any more.`,
      unsealed: t`It cannot be read any more.`,
    })[code] ?? t`The conversation with the mail server broke off.`;
}

function useTemplateWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    letter: t`Letter to a client`,
    invite: t`Invitation`,
    reset: t`New password`,
    reset_started: t`New password`,
    password_changed: t`Password changed`,
    email_confirm: t`Confirmation of an address`,
    email_changing: t`Change of an address`,
    email_changed: t`Change of an address`,
    device_new: t`New device`,
    factor_added: t`Second step`,
    factor_removed: t`Second step`,
    factor_reset: t`Second step`,
    role_changed: t`Change of role`,
    deactivated: t`Account closed`,
    reactivated: t`Account opened again`,
    test: t`Test`,
  };
}
