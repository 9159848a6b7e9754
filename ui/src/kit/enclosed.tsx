import { useLingui } from '@lingui/react/macro';
import { IconPaperclip } from '@tabler/icons-react';
import { useState } from 'react';
import { fetchFile } from '../api/files';
import type { Record_ } from '../api/records';
import classes from './enclosed.module.css';
import { useTell } from './failure';
import { sizeText } from './size';

/** The files that a message brings. They are kept by the browser, and never opened in the page. */
export function Enclosed({ files }: { files: Record_[] | undefined }) {
  const { t } = useLingui();
  if (!files?.length) return null;
  return (
    <ul className={classes.list} aria-label={t`Files`}>
      {files.map((file) => (
        <li key={file.id} style={{ maxWidth: '100%' }}>
          <One file={file} />
        </li>
      ))}
    </ul>
  );
}

function One({ file }: { file: Record_ }) {
  const { t } = useLingui();
  const tell = useTell();
  const [busy, setBusy] = useState(false);
  const name = typeof file.name === 'string' ? file.name : t`File`;
  const inside = (
    <>
      <IconPaperclip size={14} aria-hidden />
      <span className={classes.name}>{name}</span>
      {typeof file.content === 'number' && <span className={classes.size}>{sizeText(file.content)}</span>}
    </>
  );
  // Whoever does not see the content cannot fetch it.
  if (typeof file.content !== 'number') return <span className={classes.file}>{inside}</span>;
  return (
    <button
      type="button"
      className={classes.file}
      title={name}
      disabled={busy}
      onClick={async () => {
        setBusy(true);
        try {
          await fetchFile(file.id, name);
        } catch (failure) {
          tell(failure);
        } finally {
          setBusy(false);
        }
      }}
    >
      {inside}
    </button>
  );
}
