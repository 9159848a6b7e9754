import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { IconCopyCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds';
import { alike, type Record_ } from '../../api/records';
import MergeDialog from './merge';
import { gather } from './twins';
import classes from './twins.module.css';

/** On a card: which of those that the person may see are probably the same. */
export default function CardTwins({
  kind,
  record,
  onMerged,
}: {
  kind: Kind;
  record: Record_;
  onMerged: (stays: string) => void;
}) {
  const { t } = useLingui();
  const [other, setOther] = useState('');
  const { data } = useQuery({
    queryKey: ['records', kind.plural, 'alike', record.id, record.version],
    queryFn: async () => (await alike(kind.plural, { id: record.id })).items,
    staleTime: 60_000,
  });
  const all = gather(kind, data ?? []);
  const found = all.filter((each) => each.sure);
  const namesake = all.find((each) => !each.sure);
  if (found.length === 0) {
    // People share names: that alone is worth a word, and no more.
    return namesake ? (
      <p className={classes.namesake}>
        <Trans>Another of the same name:</Trans>{' '}
        <a href={`/${kind.plural}/${namesake.record.id}`}>{String(namesake.record[kind.title] ?? '–')}</a>
      </p>
    ) : null;
  }
  return (
    <div className={classes.box} style={{ margin: '0 0 10px' }}>
      <div className={classes.head}>
        <IconCopyCheck size={16} aria-hidden />
        <Trans>Probably the same</Trans>
      </div>
      <ul className={classes.list}>
        {found.slice(0, 3).map((each) => (
          <li key={each.record.id} className={classes.row}>
            <a className={classes.name} href={`/${kind.plural}/${each.record.id}`}>
              {String(each.record[kind.title] ?? '–')}
            </a>
            <span className={classes.by}>{t`the same: ${each.by.join(', ')}`}</span>
            <Button variant="default" size="compact-xs" onClick={() => setOther(each.record.id)}>
              <Trans>Merge…</Trans>
            </Button>
          </li>
        ))}
      </ul>
      {other && (
        <MergeDialog
          kind={kind}
          one={record.id}
          other={other}
          onClose={() => setOther('')}
          onMerged={onMerged}
        />
      )}
    </div>
  );
}
