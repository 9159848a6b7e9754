import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Group, Modal, SegmentedControl, Select, Stack, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { addPerson, roles } from '../../api/people';
import { entrance } from '../../api/session';
import { useAttempt } from '../../kit/attempt';
import { useSentence } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { roleName } from '../../kit/words';
import { OneTimeLink } from './one-time-link';

/** The addresses in what was typed or pasted: one a line, or parted by commas, with or without names. */
export function addressesIn(text: string): { email: string; name: string }[] {
  const found = new Map<string, string>();
  for (const part of text.split(/[\n,;]+/)) {
    const [, named, inside, bare] =
      /^\s*(?:"?([^"<]*?)"?\s*<([^<>\s]+@[^<>\s]+)>|(\S+@\S+))\s*$/.exec(part) ?? [];
    const email = inside ?? bare;
    if (email && !found.has(email.toLowerCase())) found.set(email.toLowerCase(), named || nameFrom(email));
  }
  return [...found].map(([email, name]) => ({ email, name }));
}

/** What somebody may be called, by their address, until they say so themselves. */
function nameFrom(email: string): string {
  return (email.split('@')[0] ?? '')
    .replace(/\+.*$/, '')
    .split(/[._-]+/)
    .filter(Boolean)
    .map((word) => word.charAt(0).toLocaleUpperCase() + word.slice(1))
    .join(' ');
}

interface Draft {
  text: string;
  chosen: string;
  by: 'mail' | 'link';
}

interface Outcome {
  email: string;
  name: string;
  link?: string;
  failure?: unknown;
}

/** Inviting one or many: an account each, and a link or a mail by which its person comes in. */
export function Invite({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const sentence = useSentence();
  const { data: all = [] } = useQuery(roles);
  const { data: house } = useQuery(entrance);
  const { draft, set, clear } = useFormDraft<Draft>('castellan.draft.invite', (left) => ({
    text: '',
    chosen: '',
    by: 'mail',
    ...left,
  }));
  const { text, chosen, by } = draft;
  const [outcomes, setOutcomes] = useState<Outcome[] | null>(null);
  const { busy, attempt } = useAttempt();
  const role = chosen || all.find((each) => each.built === 'specialist')?.id || '';
  const addresses = addressesIn(text);
  const mails = house?.mail === true;
  const way = mails ? by : 'link';

  const invite = () =>
    attempt(async () => {
      const made: Outcome[] = [];
      for (const one of addresses) {
        try {
          const person = await addPerson({ ...one, role, invite: way });
          made.push({ ...one, ...(person.link?.url ? { link: person.link.url } : {}) });
        } catch (failure) {
          made.push({ ...one, failure });
        }
      }
      // Who was not invited is there again when the window is opened the next time.
      const left = made.filter((one) => one.failure);
      if (left.length > 0) set({ text: left.map((one) => `${one.name} <${one.email}>`).join('\n') });
      else clear();
      setOutcomes(made);
      void client.invalidateQueries({ queryKey: ['people'] });
    });

  // Links are shown this once, and come while it is under way: only "Done" puts them away.
  const stays = busy || !!outcomes?.some((one) => one.link);

  return (
    <Modal
      opened
      onClose={onClose}
      title={t`Invite people`}
      size="md"
      closeOnClickOutside={!stays}
      closeOnEscape={!stays}
      withCloseButton={!stays}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      {outcomes ? (
        <Stack gap="md">
          {outcomes.some((one) => !one.failure && !one.link) && (
            <Alert color="teal" variant="light" role="status">
              <Trans>On their way by mail:</Trans>{' '}
              {outcomes
                .filter((one) => !one.failure && !one.link)
                .map((one) => one.email)
                .join(', ')}
            </Alert>
          )}
          {outcomes.some((one) => one.failure) && (
            <Alert color="red" variant="light" role="alert">
              {outcomes
                .filter((one) => one.failure)
                .map((one) => (
                  <Text key={one.email} size="sm">
                    {one.email}: {sentence(one.failure)}
                  </Text>
                ))}
            </Alert>
          )}
          {outcomes
            .filter((one) => one.link)
            .map((one, i) => (
              <div key={one.email}>
                <Text size="sm" fw={600} mb={4}>
                  {one.name}, {one.email}
                </Text>
                <OneTimeLink url={one.link ?? ''} brief={i > 0} />
              </div>
            ))}
          <Group justify="flex-end">
            <Button size="sm" onClick={onClose}>
              <Trans>Done</Trans>
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void invite();
          }}
        >
          <Stack gap="sm">
            <Textarea
              size="sm"
              data-autofocus
              label={t`E-mail addresses`}
              description={t`One or several, each on a line of its own or parted by commas.`}
              placeholder={'anna@example.com\nIvan Petrov <ivan@example.com>'}
              autosize
              minRows={3}
              maxRows={10}
              inputMode="email"
              autoComplete="off"
              value={text}
              onChange={(event) => set({ text: event.currentTarget.value })}
            />
            <Select
              size="sm"
              allowDeselect={false}
              label={t`Role`}
              data={all.map((each) => ({ value: each.id, label: roleName(each) }))}
              value={role || null}
              onChange={(next) => next && set({ chosen: next })}
            />
            {mails && (
              <SegmentedControl
                size="sm"
                aria-label={t`How the invitation goes out`}
                value={by}
                onChange={(next) => set({ by: next as 'mail' | 'link' })}
                data={[
                  { value: 'mail', label: t`By mail` },
                  { value: 'link', label: t`Links that I pass on` },
                ]}
              />
            )}
            <Text size="xs" c="dimmed">
              <Trans>
                An invitation works once and holds for seven days. Each person chooses a password that nobody
                else learns.
              </Trans>
            </Text>
            <Group justify="flex-end">
              <Button size="sm" type="submit" loading={busy} disabled={!role || addresses.length === 0}>
                {addresses.length > 1 ? (
                  <Plural value={addresses.length} one="Invite # person" other="Invite # people" />
                ) : (
                  <Trans>Invite</Trans>
                )}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
