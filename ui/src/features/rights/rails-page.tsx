import { Trans, useLingui } from '@lingui/react/macro';
import { Skeleton, Switch } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { kinds } from '../../api/kinds';
import { rails, setRails } from '../../api/people';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { kindMany } from '../../kit/words';
import classes from './rights.module.css';

/** The guard rails: plain switches over all roles. */
export function RailsPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error, refetch } = useQuery(rails);
  const { data: kindsThere = [] } = useQuery(kinds);
  // Eight promises in plain words; each keeps one or two kinds of record.
  const promises: { words: string; rails: string[] }[] = [
    {
      words: t`Only administrators may export prospect lists`,
      rails: ['export_prospect_lists', 'export_prospects'],
    },
    { words: t`Only administrators may export deals`, rails: ['export_deals'] },
    { words: t`Only administrators may export client folders`, rails: ['export_folders'] },
    {
      words: t`Only administrators may delete prospect lists`,
      rails: ['delete_prospect_lists', 'delete_prospects'],
    },
    { words: t`Only administrators may delete deals`, rails: ['delete_deals'] },
    { words: t`Only administrators may delete client folders`, rails: ['delete_folders'] },
    {
      words: t`Only administrators may delete comments and messages`,
      rails: ['delete_comments', 'delete_messages'],
    },
    {
      words: t`Only administrators may delete post-sale processes and tasks`,
      rails: ['delete_processes', 'delete_tasks'],
    },
  ];
  const promised = promises.flatMap((each) => each.rails);
  const further = kindsThere
    .flatMap((kind) => [
      { words: t`Export: ${kindMany(kind)}`, rails: [`export_${kind.plural}`] },
      { words: t`Delete: ${kindMany(kind)}`, rails: [`delete_${kind.plural}`] },
    ])
    .filter(({ rails: [name] }) => name && !promised.includes(name) && data && name in data);

  async function set(names: string[], on: boolean) {
    const next = { ...data, ...Object.fromEntries(names.map((name) => [name, on])) };
    client.setQueryData(['rails'], next);
    try {
      client.setQueryData(['rails'], await setRails(next));
    } catch (failure) {
      client.setQueryData(['rails'], data);
      tell(failure);
    }
  }

  return (
    <Column>
      <Panel
        title={t`Guard rails`}
        note={t`They stand above all roles: what is switched on here, no role and no personal right can open again.`}
      >
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={260} />
        ) : (
          promises.map((each) => <Rail key={each.words} {...each} on={data} onChange={set} />)
        )}
      </Panel>
      {data && further.length > 0 && (
        <Panel
          title={t`Every other kind of record`}
          note={t`The same for what the eight promises do not name: left to administrators if switched on.`}
        >
          {further.map((each) => (
            <Rail key={each.words} {...each} on={data} onChange={set} />
          ))}
        </Panel>
      )}
      <p className={classes.quiet}>
        <Trans>Each change is in force at once and stands in the log.</Trans>
      </p>
    </Column>
  );
}

function Rail({
  words,
  rails: names,
  on,
  onChange,
}: {
  words: string;
  rails: string[];
  on: Record<string, boolean>;
  onChange: (names: string[], on: boolean) => void;
}) {
  const id = `rail-${names[0]}`;
  return (
    <label className={classes.rail} htmlFor={id}>
      <span>{words}</span>
      <Switch
        id={id}
        checked={names.every((name) => on[name])}
        onChange={(event) => onChange(names, event.currentTarget.checked)}
      />
    </label>
  );
}
