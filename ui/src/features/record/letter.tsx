import { Trans, useLingui } from '@lingui/react/macro';
import {
  Button,
  Drawer,
  FileButton,
  Group,
  MultiSelect,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPaperclip } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { filesOf, putFile } from '../../api/files';
import { kinds } from '../../api/kinds';
import { previewLetter, sendLetter } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { dropTemplate, saveTemplate, type Template, templates } from '../../api/templates';
import { Refusal, useAttempt } from '../../kit/attempt';
import { useFormDraft } from '../../kit/form-draft';
import { sizeText } from '../../kit/size';

interface Letter {
  subject: string;
  body: string;
}

interface Draft extends Letter {
  files: string[];
}

const blank: Draft = { subject: '', body: '', files: [] };

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
  const { data: stored } = useQuery(templates);
  const [chosen, setChosen] = useState<string | null>(null);
  const [storing, setStoring] = useState(false);
  const place = `castellan.letter.${id}`;
  const { draft, set, forget, clear } = useFormDraft<Draft>(place, (left) => ({ ...blank, ...left }));
  const letter: Letter = { subject: draft.subject, body: draft.body };
  const [filled, setFilled] = useState<Letter | null>(null);
  const { busy, failure, setFailure, clear: clearAttempt, attempt } = useAttempt(place);
  const ready = !!letter.subject.trim() && !!letter.body.trim();
  const template = stored?.find((each) => each.id === chosen);

  function put(next: Partial<Letter>) {
    set(next);
    setFilled(null);
  }

  function take(next: string | null) {
    setChosen(next);
    setStoring(false);
    const one = stored?.find((each) => each.id === next);
    if (one) put({ subject: one.subject, body: one.body });
  }

  const look = () => attempt(async () => setFilled(await previewLetter(id, letter)));
  const send = () =>
    attempt(async (once) => {
      const whole = draft.files.length > 0 ? { ...letter, files: draft.files } : letter;
      await sendLetter(id, whole, once(whole));
      forget();
      onSent();
    });

  function empty() {
    clear();
    setChosen(null);
    setStoring(false);
    setFilled(null);
    clearAttempt();
  }

  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      title={t`Mail to ${name}`}
      closeButtonProps={{ 'aria-label': t`Close; what was typed is kept` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void send();
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          {!!stored?.length && (
            <Select
              label={t`Stored letter`}
              placeholder={t`None`}
              clearable
              searchable
              clearButtonProps={{ 'aria-label': t`None` }}
              value={chosen}
              onChange={take}
              data={stored.map((each) => ({ value: each.id, label: each.name, disabled: each.barred }))}
            />
          )}
          <TextInput
            label={t`Subject`}
            data-autofocus
            maxLength={200}
            value={letter.subject}
            onChange={(event) => put({ subject: event.currentTarget.value })}
          />
          <Textarea
            label={t`Text`}
            autosize
            minRows={8}
            maxRows={20}
            value={letter.body}
            onChange={(event) => put({ body: event.currentTarget.value })}
          />
          <Text size="xs" c="dimmed">
            <Trans>
              Names of fields between braces are filled in. The mail goes to the first address of the client,
              also when you do not see it.
            </Trans>{' '}
            {'{name} {given_name}'}
          </Text>
          <Enclosures
            id={id}
            chosen={draft.files}
            onChoose={(files) => set({ files })}
            onFailure={setFailure}
          />
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
            <Button variant="subtle" color="gray" size="sm" disabled={busy} onClick={empty}>
              <Trans>Clear</Trans>
            </Button>
            <Group gap="xs">
              <Button variant="default" size="sm" disabled={!ready || busy} onClick={look}>
                <Trans>Look at it first</Trans>
              </Button>
              <Button type="submit" size="sm" disabled={!ready} loading={busy}>
                <Trans>Send</Trans>
              </Button>
            </Group>
          </Group>
          {!storing && (
            <Button variant="subtle" size="compact-sm" disabled={!ready} onClick={() => setStoring(true)}>
              {template?.may_edit ? (
                <Trans>Change the stored letter</Trans>
              ) : (
                <Trans>Store this letter</Trans>
              )}
            </Button>
          )}
        </Stack>
      </form>
      {storing && ready && (
        <Store
          letter={letter}
          of={template?.may_edit ? template : undefined}
          onDone={(kept) => {
            setStoring(false);
            setChosen(kept);
          }}
        />
      )}
    </Drawer>
  );
}

/** What goes with a letter: files of the client, also ones that are put there now. */
function Enclosures({
  id,
  chosen,
  onChoose,
  onFailure,
}: {
  id: string;
  chosen: string[];
  onChoose: (next: string[]) => void;
  onFailure: (failure: unknown) => void;
}) {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data: all } = useQuery(kinds);
  const ours = all?.find((each) => each.name === 'file');
  const may = !!ours && (ours.actions.create ?? 'denied') !== 'denied';
  const { data: files } = useQuery({ ...filesOf(id), enabled: may });
  const [busy, setBusy] = useState(false);
  const reset = useRef<() => void>(null);
  if (!may) return null;
  const open = (files ?? []).filter((file) => typeof file.content === 'number');

  async function put(picked: File[]) {
    reset.current?.();
    if (picked.length === 0) return;
    setBusy(true);
    onFailure(null);
    const put: string[] = [];
    try {
      for (const each of picked) {
        put.push((await putFile(id, each, () => {}, new AbortController().signal)).id);
      }
    } catch (failure) {
      onFailure(failure);
    } finally {
      await client.invalidateQueries({ queryKey: ['records', 'files', 'of', id] });
      onChoose([...chosen, ...put]);
      setBusy(false);
    }
  }

  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <MultiSelect
        flex={1}
        miw={0}
        label={t`Files that go with it`}
        placeholder={chosen.length === 0 ? t`No files` : undefined}
        searchable={open.length > 8}
        clearable
        clearButtonProps={{ 'aria-label': t`No files` }}
        maxValues={10}
        disabled={open.length === 0 && chosen.length === 0}
        value={chosen}
        onChange={onChoose}
        data={[
          ...open.map((file) => ({
            value: file.id,
            label: `${String(file.name ?? t`File`)} (${sizeText(file.content as number)})`,
          })),
          // One that was chosen before and is not there (yet) can be taken out.
          ...chosen
            .filter((file) => !open.some((each) => each.id === file))
            .map((file) => ({ value: file, label: t`File` })),
        ]}
      />
      <FileButton multiple resetRef={reset} onChange={(picked) => void put(picked)}>
        {(props) => (
          <Button
            {...props}
            variant="default"
            size="sm"
            loading={busy}
            leftSection={<IconPaperclip size={14} />}
          >
            <Trans>Add a file</Trans>
          </Button>
        )}
      </FileButton>
    </Group>
  );
}

/** Keeps a letter to be written again, for oneself or for everyone who writes. */
function Store({
  letter,
  of: was,
  onDone,
}: {
  letter: Letter;
  of: Template | undefined;
  onDone: (id: string | null) => void;
}) {
  const { t } = useLingui();
  const client = useQueryClient();
  const me = useMe();
  const shares = holds(me, 'views.share');
  const { draft, set, forget } = useFormDraft<{ name: string; audience: Template['audience'] }>(
    ['castellan.draft.letter', ...(was ? [was.id, was.version] : [])].join('.'),
    (left) => ({ name: was?.name ?? '', audience: was?.audience ?? 'private', ...left }),
  );
  const { name, audience } = draft;
  const { busy, failure, attempt } = useAttempt();

  const go = (what: () => Promise<string | null>) =>
    attempt(async () => {
      const kept = await what();
      forget();
      await client.invalidateQueries({ queryKey: templates.queryKey });
      onDone(kept);
    });

  const body = () => ({
    ...letter,
    name,
    audience,
    ...(was?.group ? { group: was.group.id } : {}),
    ...(was ? { version: was.version } : {}),
  });

  return (
    <Stack gap="sm" mt="md" component="section" aria-label={t`Store this letter`}>
      <Refusal failure={failure} />
      <TextInput
        label={t`Name of the stored letter`}
        maxLength={80}
        value={name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      {shares && (
        <Select
          label={t`Who may use it`}
          allowDeselect={false}
          value={audience}
          onChange={(next) => set({ audience: (next ?? 'private') as Template['audience'] })}
          data={[
            { value: 'private', label: t`Only you` },
            { value: 'everyone', label: t`Everyone who writes to clients` },
            ...(was?.group ? [{ value: 'group', label: was.group.name }] : []),
          ]}
        />
      )}
      <Group justify="space-between">
        <Group gap="xs">
          <Button
            size="sm"
            disabled={!name.trim()}
            loading={busy}
            onClick={() => go(async () => (await saveTemplate(was?.id, body())).id)}
          >
            <Trans>Save</Trans>
          </Button>
          <Button variant="default" size="sm" onClick={() => onDone(was?.id ?? null)}>
            <Trans>Cancel</Trans>
          </Button>
        </Group>
        {was && (
          <Button
            variant="subtle"
            color="red"
            size="sm"
            disabled={busy}
            onClick={() =>
              go(async () => {
                await dropTemplate(was.id);
                return null;
              })
            }
          >
            <Trans>Delete</Trans>
          </Button>
        )}
      </Group>
    </Stack>
  );
}
