import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Modal, Skeleton, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds';
import { earlier, type FieldChange, history, type Record_, revert, type Version } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { FieldValue, isEmpty } from '../../kit/field-value';
import { useUndo } from '../../kit/undo';
import { When } from '../../kit/when';
import { fieldLabel } from '../../kit/words';
import { useCache } from './cache';
import classes from './history.module.css';
import { useNames } from './names';

/** What a field was and what it became, as far as this person may see. */
export function Changed({ kind, changes }: { kind: Kind; changes: FieldChange[] }) {
  const { t } = useLingui();
  const { nameOf } = useNames();
  return (
    <ul className={classes.changes}>
      {changes.map((each) => {
        const field = kind.fields.find((one) => one.name === each.field);
        if (!field) return null;
        const show = (value: unknown) =>
          isEmpty(value) ? (
            <span className={classes.none}>{t`empty`}</span>
          ) : (
            <FieldValue
              field={field}
              record={{
                id: '',
                kind: kind.name,
                version: 0,
                created_at: '',
                updated_at: '',
                [field.name]: value,
              }}
              look={{ dense: true, nameOf }}
            />
          );
        return (
          <li key={each.field}>
            <span className={classes.field}>{fieldLabel(field)}</span>{' '}
            {each.masked ? (
              <span className={classes.none}>
                <Trans>changed; the values are closed to you</Trans>
              </span>
            ) : (
              <>
                {!isEmpty(each.before) && (
                  <>
                    <del className={classes.before}>{show(each.before)}</del>
                    <span aria-hidden> → </span>
                  </>
                )}
                <ins className={classes.after}>{show(each.after)}</ins>
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Every version of the record; any can be looked at and brought back. */
export function HistoryTab({ kind, record, readOnly }: { kind: Kind; record: Record_; readOnly: boolean }) {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(history(kind.plural, record.id));
  const [looking, setLooking] = useState<Version | null>(null);
  const words: Record<Version['action'], string> = {
    created: t`created it`,
    changed: t`changed it`,
    deleted: t`put it into the bin`,
    restored: t`took it out of the bin`,
  };
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data) return <Skeleton height={120} />;
  if (data.length === 0) return <Empty title={t`Nothing has changed yet`} />;
  return (
    <>
      <ol className={classes.list}>
        {data.map((version) => (
          <li key={version.version} className={classes.version}>
            <div className={classes.line}>
              <span>
                <strong>{version.by.name}</strong> {words[version.action]}{' '}
                <span className={classes.when}>
                  <When at={version.at} />
                </span>
              </span>
              {version.version !== record.version && (
                <Button variant="subtle" size="compact-xs" onClick={() => setLooking(version)}>
                  <Trans>See this version</Trans>
                </Button>
              )}
            </div>
            <Changed kind={kind} changes={version.changes} />
          </li>
        ))}
      </ol>
      {looking && (
        <Earlier
          kind={kind}
          record={record}
          version={looking}
          readOnly={readOnly}
          onClose={() => setLooking(null)}
        />
      )}
    </>
  );
}

function Earlier({
  kind,
  record,
  version,
  readOnly,
  onClose,
}: {
  kind: Kind;
  record: Record_;
  version: Version;
  readOnly: boolean;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const { data, error } = useQuery(earlier(kind.plural, record.id, version.version));
  const { nameOf } = useNames();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const me = useMe();
  const offerUndo = useUndo();
  const [busy, setBusy] = useState(false);

  async function bringBack() {
    setBusy(true);
    try {
      const before = record.version;
      const next = await revert(kind.plural, record.id, version.version);
      cache.place(next);
      onClose();
      offerUndo(<Trans>As it was then.</Trans>, async () => {
        cache.place(await revert(kind.plural, record.id, before));
      });
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={
        <Trans>
          As it was <When at={version.at} />
        </Trans>
      }
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      {error ? (
        <Failure failure={error} />
      ) : !data ? (
        <Skeleton height={160} />
      ) : (
        <>
          <Table verticalSpacing={6}>
            <Table.Tbody>
              {kind.fields
                .filter((field) => !field.house && !isEmpty(data[field.name]))
                .map((field) => (
                  <Table.Tr
                    key={field.name}
                    data-differs={
                      JSON.stringify(data[field.name]) !== JSON.stringify(record[field.name]) || undefined
                    }
                    className={classes.differs}
                  >
                    <Table.Th w={170} fw={400} c="dimmed">
                      {fieldLabel(field)}
                    </Table.Th>
                    <Table.Td>
                      <FieldValue field={field} record={data} look={{ nameOf }} />
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
          {record.can?.edit && !readOnly && holds(me, 'records.revert') && (
            <Button mt="md" size="sm" onClick={bringBack} loading={busy}>
              <Trans>Bring this version back</Trans>
            </Button>
          )}
        </>
      )}
    </Modal>
  );
}
