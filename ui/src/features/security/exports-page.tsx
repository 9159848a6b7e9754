import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Skeleton } from '@mantine/core';
import { IconDownload, IconFileExport } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Export, exportFile, exports_, isOngoing, stopExport } from '../../api/exports';
import { kinds } from '../../api/kinds';
import { holds, useMe } from '../../api/session';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { saveBlob } from '../../kit/save';
import { Until } from '../../kit/until';
import { When } from '../../kit/when';
import { fieldLabel, kindMany } from '../../kit/words';
import { writing } from '../../text';
import classes from './exports.module.css';

/** What left in files: by whom, when, what for, and the file itself for whoever may have it. */
export function ExportsPage() {
  const { t } = useLingui();
  const me = useMe();
  const { data, error, refetch } = useQuery({
    ...exports_,
    refetchInterval: (query) => (query.state.data?.some(isOngoing) ? 700 : 15_000),
  });
  const archive = holds(me, 'exports.read');
  return (
    <Column wide>
      <Panel
        title={archive ? t`What left in files` : t`Your exports`}
        note={
          archive
            ? t`Every file of records that anybody took out, with what it was for. A sealed copy is kept for a year; whoever fetches one is in the log with every record in it.`
            : t`A file can be saved once, in the session in which you asked for it and within an hour.`
        }
      >
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={240} />
        ) : data.length === 0 ? (
          <Empty icon={<IconFileExport size={24} />} title={t`Nothing has left`}>
            <Trans>Lists have an Export button for whoever may take them out in a file.</Trans>
          </Empty>
        ) : (
          <ul className={classes.list}>
            {data.map((each) => (
              <Row key={each.id} one={each} />
            ))}
          </ul>
        )}
      </Panel>
    </Column>
  );
}

function Row({ one }: { one: Export }) {
  const { t } = useLingui();
  const me = useMe();
  const tell = useTell();
  const client = useQueryClient();
  const { data: all = [] } = useQuery(kinds);
  const [busy, setBusy] = useState(false);
  const kind = all.find((each) => each.name === one.kind);
  const what = kind ? kindMany(kind) : one.kind;
  const label = (name: string) => {
    const field = kind?.fields.find((each) => each.name === name);
    return field ? fieldLabel(field) : name;
  };
  const again = () => client.invalidateQueries({ queryKey: ['exports'] });

  async function save() {
    setBusy(true);
    try {
      saveBlob(await exportFile(one.id), `${what}.${one.format}`);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
      await again();
    }
  }

  const n = (one.made_at ? one.done : one.expected).toLocaleString(writing());
  const soFar = one.done.toLocaleString(writing());
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <div className={classes.title}>
          {what}{' '}
          <span className={classes.quiet}>
            <Plural
              value={one.made_at ? one.done : one.expected}
              one={`${n} record`}
              other={`${n} records`}
            />
            {' · '}
            {one.format.toUpperCase()}
          </span>{' '}
          <State one={one} />
        </div>
        <div className={classes.reason}>{one.reason}</div>
        <div className={classes.quiet}>
          {one.by.kind === 'program' ? (
            <Trans>
              A program of {one.by.name}, <When at={one.asked_at} />
            </Trans>
          ) : (
            <Trans>
              {one.by.name}, <When at={one.asked_at} />
            </Trans>
          )}
          {one.taken_at && (
            <>
              {' · '}
              <Trans>
                saved <When at={one.taken_at} />
              </Trans>
            </>
          )}
          {one.state === 'making' && (
            <>
              {' · '}
              <Trans>{soFar} are in the file</Trans>
            </>
          )}
          {one.open && one.ends_at && (
            <>
              {' · '}
              <Trans>
                can be saved until <Until at={one.ends_at} />
              </Trans>
            </>
          )}
        </div>
        <details className={classes.more}>
          <summary>
            <Trans>What was asked for</Trans>
          </summary>
          <dl className={classes.facts}>
            <Fact name={t`Columns`}>{one.columns.map(label).join(', ')}</Fact>
            {one.masked.length > 0 && <Fact name={t`Masked`}>{one.masked.map(label).join(', ')}</Fact>}
            {one.filter && <Fact name={t`Filter`}>{one.filter}</Fact>}
            {one.search && <Fact name={t`Search`}>{one.search}</Fact>}
            {!!one.named && <Fact name={t`Ticked one by one`}>{one.named.toLocaleString(writing())}</Fact>}
            {one.sha256 && (
              <Fact name="SHA-256">
                <span className={classes.hash}>{one.sha256}</span>
              </Fact>
            )}
          </dl>
        </details>
      </div>
      <div className={classes.act}>
        {(isOngoing(one) || one.state === 'made') && !me.view_as && (
          <Button
            variant="default"
            disabled={busy}
            onClick={() => stopExport(one.id).catch(tell).finally(again)}
          >
            {one.state === 'made' ? <Trans>Destroy</Trans> : <Trans>Stop</Trans>}
          </Button>
        )}
        {(one.open || one.archive) && (
          <Button
            variant={one.open ? 'filled' : 'default'}
            leftSection={<IconDownload size={15} />}
            loading={busy}
            aria-label={`${one.open ? t`Save` : t`Fetch`}: ${what}, ${one.reason}`}
            onClick={() => void save()}
          >
            {one.open ? <Trans>Save</Trans> : <Trans>Fetch</Trans>}
          </Button>
        )}
      </div>
    </li>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function State({ one }: { one: Export }) {
  const { t } = useLingui();
  const words: Record<Export['state'], string> = {
    asked: t`waits`,
    making: t`is being made`,
    made: t`ready, not saved yet`,
    taken: t`left the house`,
    ended: t`ended before it was saved`,
    expired: t`not saved in time`,
  };
  const why: Record<string, string> = {
    session: t`the session ended`,
    entry: t`the network or the hour is not allowed`,
    rights: t`the rights changed`,
    cancelled: t`it was stopped`,
    fault: t`something went wrong`,
  };
  return (
    <Badge size="sm" variant="light" tt="none" color={one.state === 'taken' ? 'orange' : 'gray'}>
      {words[one.state]}
      {one.why && why[one.why] ? `: ${why[one.why]}` : ''}
    </Badge>
  );
}
