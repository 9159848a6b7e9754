import { Plural, Trans, useLingui } from '@lingui/react/macro';
import {
  Alert,
  Button,
  Group,
  Modal,
  Progress,
  Radio,
  Skeleton,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconDownload, IconLock } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import {
  askExport,
  type Export,
  exportFile,
  exportLook,
  isOngoing,
  oneExport,
  type Selection,
  stopExport,
} from '../../api/exports';
import type { Kind } from '../../api/kinds';
import { Failure, useSentence, useTell } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { saveBlob } from '../../kit/save';
import { kindMany } from '../../kit/words';
import { writing } from '../../text';

interface Props {
  kind: Kind;
  /** Which records: those named, or what the list shows. */
  which: Omit<Selection, 'kind' | 'columns'>;
  /** The columns of the list, by name. */
  shown: string[];
  onClose: () => void;
}

/** Takes records out in a file: what will be in it, what for, and then the file. */
export default function ExportDialog({ kind, which, shown, onClose }: Props) {
  const { t } = useLingui();
  const [begun, setBegun] = useState<Export | null>(null);
  return (
    <Modal
      opened
      onClose={onClose}
      size={520}
      title={t`Export: ${kindMany(kind)}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      {begun ? (
        <Making kind={kind} id={begun.id} onClose={onClose} />
      ) : (
        <Choice kind={kind} which={which} shown={shown} onBegun={setBegun} onClose={onClose} />
      )}
    </Modal>
  );
}

function Choice({ kind, which, shown, onBegun, onClose }: Props & { onBegun: (begun: Export) => void }) {
  const { t } = useLingui();
  const sentence = useSentence();
  const { data: look, error, refetch } = useQuery(exportLook({ kind: kind.name, ...which }));
  const [format, setFormat] = useState<'xlsx' | 'csv'>('xlsx');
  const [columns, setColumns] = useState<'shown' | 'all'>('shown');
  const { draft, set, forget } = useFormDraft<{ reason: string }>(
    `castellan.draft.export.${kind.name}`,
    (left) => ({ reason: '', ...left }),
  );
  const { reason } = draft;
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState('');

  if (error) return <Failure failure={error} retry={refetch} />;
  if (!look) return <Skeleton height={280} />;
  const possible = look.columns.filter((each) => columns === 'all' || shown.includes(each.field));
  const taken =
    columns === 'all' ? possible : shown.flatMap((name) => possible.filter((each) => each.field === name));
  const masked = taken.filter((each) => each.masked).map((each) => each.label);
  const left = columns === 'shown' ? shown.length - taken.length : 0;

  async function begin(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setRefused('');
    try {
      const begun = await askExport({
        kind: kind.name,
        ...which,
        columns: taken.map((each) => each.field),
        format,
        reason: reason.trim(),
      });
      forget();
      onBegun(begun);
    } catch (failure) {
      setRefused(sentence(failure));
      setBusy(false);
    }
  }

  const count = look.count.toLocaleString(writing());
  return (
    <form onSubmit={begin}>
      <Stack gap="md">
        <Alert variant="light" color={masked.length > 0 ? 'blue' : 'gray'} icon={<IconLock size={18} />}>
          <Text size="sm" fw={600} data-testid="export-count">
            <Plural value={look.count} one={`${count} record`} other={`${count} records`} />
          </Text>
          <Text size="sm">
            {masked.length > 0 ? (
              <Trans>Masked in the file: {masked.join(', ')}</Trans>
            ) : (
              <Trans>Nothing in the file is masked.</Trans>
            )}
          </Text>
          {left > 0 && (
            <Text size="sm">
              <Plural
                value={left}
                one="# column of the list may not leave and is left out."
                other="# columns of the list may not leave and are left out."
              />
            </Text>
          )}
        </Alert>
        <Radio.Group label={t`Format`} value={format} onChange={(next) => setFormat(next as 'xlsx' | 'csv')}>
          <Group mt={6}>
            <Radio value="xlsx" label={t`Excel (XLSX)`} />
            <Radio value="csv" label={t`CSV`} />
          </Group>
        </Radio.Group>
        <Radio.Group
          label={t`Columns`}
          value={columns}
          onChange={(next) => setColumns(next as 'shown' | 'all')}
        >
          <Stack mt={6} gap={6}>
            <Radio value="shown" label={t`As in the list`} />
            <Radio value="all" label={<Plural value={look.columns.length} one="All: #" other="All: #" />} />
          </Stack>
        </Radio.Group>
        <TextInput
          label={t`What is the file for?`}
          description={t`Those who look after the archive of exports read this.`}
          value={reason}
          maxLength={500}
          required
          data-autofocus
          onChange={(event) => set({ reason: event.currentTarget.value })}
        />
        {refused && (
          <Alert color="red" variant="light" role="alert">
            {refused}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            type="submit"
            loading={busy}
            disabled={look.count === 0 || taken.length === 0 || !reason.trim()}
          >
            <Trans>Make the file</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Making({ kind, id, onClose }: { kind: Kind; id: string; onClose: () => void }) {
  const { t } = useLingui();
  const tell = useTell();
  const client = useQueryClient();
  const { data: one, error } = useQuery({
    ...oneExport(id),
    refetchInterval: (query) => (query.state.data && !isOngoing(query.state.data) ? 5000 : 400),
  });
  const [busy, setBusy] = useState(false);

  async function fetch_(format: Export['format']) {
    setBusy(true);
    try {
      saveBlob(await exportFile(id), `${kindMany(kind)}.${format}`);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
      await client.invalidateQueries({ queryKey: ['exports'] });
    }
  }

  async function stop() {
    setBusy(true);
    try {
      await stopExport(id);
      onClose();
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  if (error) return <Failure failure={error} />;
  if (!one) return <Skeleton height={120} />;
  const so = one.done.toLocaleString(writing());
  const of = one.expected.toLocaleString(writing());
  return (
    <Stack gap="md" aria-live="polite">
      {isOngoing(one) ? (
        <>
          <Progress
            value={one.expected > 0 ? (100 * one.done) / one.expected : 0}
            animated
            aria-label={t`How far the file is`}
          />
          <Text size="sm">
            <Trans>
              {so} of {of} are in the file. You can close this and go on working: the file will wait for you
              under <Link to="/security/exports">Security, Exports</Link>.
            </Trans>
          </Text>
        </>
      ) : one.state === 'made' ? (
        <Text size="sm">
          <Trans>
            The file is ready, with {so} records. It can be saved once, in this session, within an hour.
          </Trans>
        </Text>
      ) : one.state === 'taken' ? (
        <Text size="sm">
          <Trans>The file is saved. The archive of exports keeps a sealed copy of it.</Trans>
        </Text>
      ) : (
        <Text size="sm">
          <Trans>The export has ended before the file was saved, and nothing is left of it.</Trans>
        </Text>
      )}
      <Group justify="flex-end">
        {(isOngoing(one) || one.state === 'made') && (
          <Button variant="default" disabled={busy} onClick={() => void stop()}>
            {one.state === 'made' ? <Trans>Destroy the file</Trans> : <Trans>Stop</Trans>}
          </Button>
        )}
        {one.open ? (
          <Button
            leftSection={<IconDownload size={16} />}
            loading={busy}
            data-autofocus
            onClick={() => void fetch_(one.format)}
          >
            <Trans>Save the file</Trans>
          </Button>
        ) : (
          <Button variant="default" onClick={onClose}>
            <Trans>Close</Trans>
          </Button>
        )}
      </Group>
    </Stack>
  );
}
