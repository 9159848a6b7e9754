import { Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Drawer, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { previewLetter, sendLetter } from '../../api/records';
import { useSentence } from '../../kit/failure';

interface Letter {
  subject: string;
  body: string;
}

/** A mail to a client. Its address is the server's affair: it may be one that the writer does not see. */
export default function LetterDrawer({
  id,
  name,
  onClose,
  onSent,
}: {
  id: string;
  name: string;
  onClose: () => void;
  onSent: () => void;
}) {
  const { t } = useLingui();
  const sentence = useSentence();
  const [letter, setLetter] = useState<Letter>({ subject: '', body: '' });
  const [filled, setFilled] = useState<Letter | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [once, setOnce] = useState(() => crypto.randomUUID());
  const ready = !!letter.subject.trim() && !!letter.body.trim();

  function put(next: Letter) {
    setLetter(next);
    setFilled(null);
    setOnce(crypto.randomUUID());
  }

  async function go(what: () => Promise<void>) {
    setBusy(true);
    setFailure(null);
    try {
      await what();
    } catch (wrong) {
      setFailure(wrong);
    } finally {
      setBusy(false);
    }
  }

  const look = () => go(async () => setFilled(await previewLetter(id, letter)));
  const send = () =>
    go(async () => {
      await sendLetter(id, letter, once);
      onSent();
    });

  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      title={t`Mail to ${name}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void send();
        }}
      >
        <Stack gap="sm">
          {!!failure && (
            <Alert color="red" role="alert">
              {sentence(failure)}
            </Alert>
          )}
          <TextInput
            label={t`Subject`}
            data-autofocus
            maxLength={200}
            value={letter.subject}
            onChange={(event) => put({ ...letter, subject: event.currentTarget.value })}
          />
          <Textarea
            label={t`Text`}
            autosize
            minRows={8}
            maxRows={20}
            value={letter.body}
            onChange={(event) => put({ ...letter, body: event.currentTarget.value })}
          />
          <Text size="xs" c="dimmed">
            <Trans>
              Names of fields between braces are filled in. The mail goes to the first address of the client,
              also when you do not see it.
            </Trans>{' '}
            {'{name} {given_name}'}
          </Text>
          {filled && (
            <section aria-label={t`As it will be sent`}>
              <Text fw={600} size="sm">
                {filled.subject}
              </Text>
              <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                {filled.body}
              </Text>
            </section>
          )}
          <Group justify="space-between" mt="sm">
            <Button variant="default" size="sm" disabled={!ready || busy} onClick={look}>
              <Trans>Look at it first</Trans>
            </Button>
            <Button type="submit" size="sm" disabled={!ready} loading={busy}>
              <Trans>Send</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
