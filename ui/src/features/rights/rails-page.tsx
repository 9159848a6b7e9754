import { Trans, useLingui } from '@lingui/react/macro';
import { Skeleton, Switch } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { rails, setRails } from '../../api/people';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import classes from './rights.module.css';

/** The guard rails: plain switches over all roles. */
export function RailsPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error, refetch } = useQuery(rails);
  const words: Record<string, string> = {
    export_contacts: t`Only administrators may export clients`,
    export_companies: t`Only administrators may export companies`,
    export_deals: t`Only administrators may export deals`,
    export_tasks: t`Only administrators may export tasks`,
    delete_contacts: t`Only administrators may delete clients`,
    delete_companies: t`Only administrators may delete companies`,
    delete_deals: t`Only administrators may delete deals`,
    delete_tasks: t`Only administrators may delete tasks`,
    delete_comments: t`Only administrators may delete comments`,
    export_prospects: t`Only administrators may export prospect lists`,
    export_folders: t`Only administrators may export client folders`,
    delete_prospects: t`Only administrators may delete prospect lists`,
    delete_folders: t`Only administrators may delete client folders`,
  };

  async function set(name: string, on: boolean) {
    const next = { ...data, [name]: on };
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
          Object.entries(data).map(([name, on]) => (
            <label key={name} className={classes.rail} htmlFor={`rail-${name}`}>
              <span>{words[name] ?? name}</span>
              <Switch
                id={`rail-${name}`}
                checked={on}
                onChange={(event) => set(name, event.currentTarget.checked)}
              />
            </label>
          ))
        )}
      </Panel>
      <p className={classes.quiet}>
        <Trans>Each change is in force at once and stands in the log.</Trans>
      </p>
    </Column>
  );
}
