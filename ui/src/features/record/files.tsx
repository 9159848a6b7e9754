import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, FileButton, Progress, UnstyledButton } from '@mantine/core';
import {
  IconFile,
  IconFileText,
  IconFileTypePdf,
  IconFileZip,
  IconMusic,
  IconPaperclip,
  IconPhoto,
  IconPresentation,
  IconTable,
  IconTrash,
  IconVideo,
  IconX,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { binnedFilesOf, fetchFile, filesOf, pictureOf, putFile } from '../../api/files';
import { type Kind, kinds } from '../../api/kinds';
import { type PersonRef, type Record_, remove, restore } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { useTell } from '../../kit/failure';
import { sizeText } from '../../kit/size';
import { useUndo } from '../../kit/undo';
import { When } from '../../kit/when';
import classes from './files.module.css';

const signs: Record<string, ReactNode> = {
  pdf: <IconFileTypePdf size={20} />,
  image: <IconPhoto size={20} />,
  document: <IconFileText size={20} />,
  sheet: <IconTable size={20} />,
  slides: <IconPresentation size={20} />,
  text: <IconFileText size={20} />,
  archive: <IconFileZip size={20} />,
  audio: <IconMusic size={20} />,
  video: <IconVideo size={20} />,
};

interface Upload {
  key: string;
  name: string;
  part: number;
  stop: AbortController;
  /** The file that it has become: once that stands in the list, it does not stand there twice. */
  file?: string;
}

/** The files that lie on a record; new ones are dropped here or chosen. */
export default function Files({
  kind,
  record,
  readOnly,
}: {
  kind: Kind;
  record: Record_;
  readOnly: boolean;
}) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const offerUndo = useUndo();
  const { data: all } = useQuery(kinds);
  const { data: files } = useQuery(filesOf(record.id));
  const [over, setOver] = useState(false);
  const [uploads, setUploads] = useState<Upload[]>([]);
  const running = useRef(new Set<AbortController>());
  const reset = useRef<() => void>(null);

  // Whoever leaves the card lets what is under way end.
  useEffect(() => {
    const held = running.current;
    return () => {
      for (const each of held) each.abort();
    };
  }, []);

  const underWay = uploads.filter((each) => !files?.some((file) => file.id === each.file));
  const ours = all?.find((each) => each.name === 'file');
  if (!ours || kind.within) return null;
  const may = !readOnly && !record.binned && (ours.actions.create ?? 'denied') !== 'denied';
  const again = async () => {
    await client.invalidateQueries({ queryKey: ['records', 'files', 'of', record.id] });
    await client.invalidateQueries({ queryKey: ['records', kind.plural, 'timeline', record.id] });
  };

  async function put(chosen: File[]) {
    reset.current?.();
    await Promise.all(chosen.map(putOne));
  }

  async function putOne(chosen: File) {
    const upload = { key: crypto.randomUUID(), name: chosen.name, part: 0, stop: new AbortController() };
    running.current.add(upload.stop);
    setUploads((now) => [...now, upload]);
    try {
      const become = (more: Partial<Upload>) =>
        setUploads((now) => now.map((each) => (each.key === upload.key ? { ...each, ...more } : each)));
      const made = await putFile(record.id, chosen, (part) => become({ part }), upload.stop.signal);
      become({ file: made.id });
      await again();
    } catch (failure) {
      if (!upload.stop.signal.aborted) tell(failure);
    } finally {
      running.current.delete(upload.stop);
      setUploads((now) => now.filter((each) => each.key !== upload.key));
    }
  }

  async function drop(file: Record_) {
    try {
      await remove('files', file.id);
      await again();
      offerUndo(<Trans>In the bin.</Trans>, async () => {
        await restore('files', file.id);
        await again();
      });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <section
      className={`${classes.files} ${over ? classes.over : ''}`}
      aria-label={t`Files`}
      onDragOver={(event) => {
        if (!may || !event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!may) return;
        event.preventDefault();
        setOver(false);
        void put([...event.dataTransfer.files]);
      }}
    >
      <div className={classes.head}>
        <h3 className={classes.title}>
          <Trans>Files</Trans>
        </h3>
        {may && (
          <FileButton multiple resetRef={reset} onChange={(chosen) => void put(chosen)}>
            {(props) => (
              <Button {...props} variant="subtle" size="compact-xs" leftSection={<IconPaperclip size={13} />}>
                <Trans>Add a file</Trans>
              </Button>
            )}
          </FileButton>
        )}
      </div>
      {files?.length === 0 && underWay.length === 0 && (
        <p className={classes.nothing}>
          {may ? (
            <Trans>Contracts, photos, scans: drop them here. Whoever sees this card sees them.</Trans>
          ) : (
            <Trans>No files.</Trans>
          )}
        </p>
      )}
      <ul className={classes.list}>
        {underWay.map((each) => (
          <li key={each.key} className={classes.file}>
            <span className={classes.sign} aria-hidden>
              <IconFile size={20} />
            </span>
            <div className={classes.what}>
              <span className={classes.name}>{each.name}</span>
              <Progress
                value={each.part * 100}
                size="sm"
                animated={each.part === 1}
                aria-label={t`How much of ${each.name} has gone`}
              />
            </div>
            <ActionIcon aria-label={t`Stop`} onClick={() => each.stop.abort()}>
              <IconX size={16} />
            </ActionIcon>
          </li>
        ))}
        {(files ?? []).map((file) => (
          <Line
            key={file.id}
            file={file}
            mayDrop={
              !readOnly &&
              (ours.actions.delete === 'all' ||
                (ours.actions.delete !== 'denied' &&
                  (file.responsible as PersonRef | null)?.id === me.person?.id))
            }
            onDrop={drop}
          />
        ))}
      </ul>
      {may && holds(me, 'records.bin') && <Deleted about={record.id} again={again} />}
    </section>
  );
}

/** What was thrown away, asked for when somebody looks for it. */
function Deleted({ about, again }: { about: string; again: () => Promise<void> }) {
  const tell = useTell();
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...binnedFilesOf(about), enabled: opened });

  async function takeOut(file: Record_) {
    try {
      await restore('files', file.id);
      await again();
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <>
      <UnstyledButton
        className={classes.under}
        aria-expanded={opened}
        onClick={() => setOpened((now) => !now)}
      >
        <Trans>Deleted files</Trans>
      </UnstyledButton>
      {opened && data && (
        <ul className={classes.list}>
          {data.length === 0 && (
            <li className={classes.under}>
              <Trans>No deleted files.</Trans>
            </li>
          )}
          {data.map((file) => (
            <li key={file.id} className={classes.file}>
              <span className={classes.sign} aria-hidden>
                {signs[String(file.form)] ?? <IconFile size={20} />}
              </span>
              <div className={classes.what}>
                <span className={classes.name}>{String(file.name ?? '')}</span>
              </div>
              <Button variant="default" size="compact-xs" onClick={() => takeOut(file)}>
                <Trans>Take out</Trans>
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Line({
  file,
  mayDrop,
  onDrop,
}: {
  file: Record_;
  mayDrop: boolean;
  onDrop: (file: Record_) => void;
}) {
  const { t } = useLingui();
  const tell = useTell();
  const name = typeof file.name === 'string' ? file.name : t`File`;
  const open = typeof file.content === 'number';
  const { data: picture } = useQuery({ ...pictureOf(file.id), enabled: open && file.picture === true });
  const [busy, setBusy] = useState(false);
  const by = file.created_by as PersonRef | null | undefined;

  async function fetchIt() {
    setBusy(true);
    try {
      await fetchFile(file.id, name);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <li className={classes.file}>
      <span className={classes.sign} aria-hidden>
        {picture ? <img src={picture} alt="" /> : (signs[String(file.form)] ?? <IconFile size={20} />)}
      </span>
      <div className={classes.what}>
        {open ? (
          <UnstyledButton className={classes.name} title={name} disabled={busy} onClick={fetchIt}>
            {name}
          </UnstyledButton>
        ) : (
          <span className={classes.name}>{name}</span>
        )}
        <div className={classes.under}>
          {open && `${sizeText(file.content as number)} · `}
          {by?.name && `${by.name}, `}
          <When at={file.created_at} />
        </div>
      </div>
      {mayDrop && (
        <ActionIcon aria-label={t`Delete ${name}`} onClick={() => onDrop(file)}>
          <IconTrash size={16} />
        </ActionIcon>
      )}
    </li>
  );
}
