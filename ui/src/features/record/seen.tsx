import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Skeleton } from '@mantine/core';
import { IconFileExport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Kind } from '../../api/kinds';
import { type Record_, seen } from '../../api/records';
import { Named } from '../../kit/avatar';
import { Empty } from '../../kit/empty';
import { Failure } from '../../kit/failure';
import { useClassWords } from '../../kit/rights-words';
import { When } from '../../kit/when';
import classes from './seen.module.css';

/** Who has seen the record, as the log proves it. */
export function SeenTab({ kind, record }: { kind: Kind; record: Record_ }) {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(seen(kind.plural, record.id));
  const classWords = useClassWords();
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data) return <Skeleton height={140} />;
  return (
    <section aria-label={t`Who has seen it`}>
      <p className={classes.lead}>
        <Trans>Everyone whom this was shown to. The log that says so cannot be changed unnoticed.</Trans>
      </p>
      {data.files.length > 0 && (
        <div className={classes.left}>
          <h3 className={classes.head}>
            <IconFileExport size={16} aria-hidden />
            <Trans>It has left in files</Trans>
          </h3>
          <ul className={classes.files}>
            {data.files.map((each) => (
              <li key={`${each.at} ${each.by.id ?? each.by.name} ${each.export ?? ''}`}>
                <Named name={each.by.name} size={18} />{' '}
                {each.archive ? <Trans>fetched it from the archive</Trans> : <Trans>took it out</Trans>}{' '}
                <span className={classes.when}>
                  <When at={each.at} />
                </span>
                {each.name && (
                  <Link to="/security/exports" className={classes.file}>
                    {each.name}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
      {data.items.length === 0 && <Empty title={t`Nobody yet`} />}
      <ul className={classes.list}>
        {data.items.map((each) => (
          <li key={`${each.who.kind} ${each.who.id ?? each.who.name}`} className={classes.row}>
            <div className={classes.who}>
              <Named name={each.who.name} />
            </div>
            <div className={classes.what}>
              {each.classes.length > 0 && (
                <div>{each.classes.map((name) => classWords[name as 'open'] ?? name).join(', ')}</div>
              )}
              <div className={classes.when}>
                <Plural value={each.times} one="# time" other="# times" />
                {' · '}
                <Trans>
                  first <When at={each.first} />, last <When at={each.last} />
                </Trans>
              </div>
            </div>
          </li>
        ))}
      </ul>
      <Link to="/security" search={{ record: record.id }} className={classes.more}>
        <Trans>All entries of the log on this record</Trans>
      </Link>
    </section>
  );
}
