import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Skeleton } from '@mantine/core';
import { IconCalendarEvent, IconCalendarPlus, IconChecklist, IconMail, IconPhone } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import { list, type Record_, type Values } from '../../api/records';
import { later, part } from '../../kit/later';
import { When } from '../../kit/when';
import classes from './next-step.module.css';

const CreateDrawer = part(later(() => import('./create')));
const LetterDrawer = part(later(() => import('./letter')));

/** What comes next with a client or a deal, and the ways to write, call and plan. */
export default function NextStep({
  kind,
  record,
  readOnly,
}: {
  kind: Kind;
  record: Record_;
  readOnly: boolean;
}) {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data: all = [] } = useQuery(kinds);
  const [adding, setAdding] = useState<{ kind: Kind; begin: Values } | null>(null);
  const [writing, setWriting] = useState(false);
  const named = (name: string) => all.find((each) => each.name === name);
  const leads = (name: string, action: 'view' | 'create') => {
    const other = named(name);
    return other &&
      (other.actions[action] ?? 'denied') !== 'denied' &&
      other.fields.some((field) => field.name === kind.name && field.type === 'relation')
      ? other
      : undefined;
  };
  const here = `${kind.name} = ${record.id}`;
  const tasks = useInfiniteQuery({
    ...list(
      'tasks',
      { filter: `${here} and (done is empty or done = false)`, sort: 'due', fields: 'title,due' },
      5,
    ),
    enabled: !!leads('task', 'view'),
  });
  const visits = useInfiniteQuery({
    ...list(
      'appointments',
      {
        filter: `${here} and starts_at >= now and status != cancelled`,
        sort: 'starts_at',
        fields: 'title,starts_at',
      },
      1,
    ),
    enabled: !!leads('appointment', 'view'),
  });
  const task = (tasks.data?.pages[0]?.items ?? []).find((each) => each.due) ?? tasks.data?.pages[0]?.items[0];
  const visit = visits.data?.pages[0]?.items[0];
  const taskFirst = task && (!visit || (typeof task.due === 'string' && task.due <= String(visit.starts_at)));
  const next = taskFirst ? task : (visit ?? task);
  const at = next === visit ? visit?.starts_at : task?.due;
  const late = next === task && typeof at === 'string' && new Date(at) < new Date();
  const waits = tasks.isLoading || visits.isLoading;

  const begin = (more: Values = {}): Values => ({
    ...more,
    [kind.name]: { id: record.id, kind: kind.name, title: String(record[kind.title] ?? '') },
  });
  const plan = readOnly ? undefined : leads('task', 'create');
  const call = readOnly ? undefined : leads('call', 'create');
  const mayWrite = !readOnly && kind.name === 'contact' && !!leads('message', 'create');
  const closed = !!record.closed_at;

  function again() {
    void client.invalidateQueries({ queryKey: ['records'] });
  }

  return (
    <section className={classes.step} aria-label={t`Next step`} data-late={late || undefined}>
      <div className={classes.what}>
        <span className={classes.word}>
          <Trans>Next step</Trans>
        </span>
        {waits ? (
          <Skeleton height={12} width={160} />
        ) : next ? (
          <Link
            to="/$plural/$id"
            params={{ plural: next === visit ? 'appointments' : 'tasks', id: next.id }}
            className={classes.link}
          >
            {next === visit ? (
              <IconCalendarEvent size={15} aria-hidden />
            ) : (
              <IconChecklist size={15} aria-hidden />
            )}
            <span>{String(next.title ?? '')}</span>
            {typeof at === 'string' && (
              <span className={classes.at}>
                <When at={at} />
              </span>
            )}
          </Link>
        ) : (
          <span className={classes.none}>
            {closed ? <Trans>Closed: nothing is planned.</Trans> : <Trans>No next step. Plan one.</Trans>}
          </span>
        )}
      </div>
      <div className={classes.ways}>
        {mayWrite && (
          <Button
            variant="default"
            size="compact-sm"
            className={classes.way ?? ''}
            leftSection={<IconMail size={14} />}
            onClick={() => setWriting(true)}
          >
            <Trans>Write</Trans>
          </Button>
        )}
        {call && (
          <Button
            variant="default"
            size="compact-sm"
            className={classes.way ?? ''}
            leftSection={<IconPhone size={14} />}
            onClick={() => setAdding({ kind: call, begin: begin({ direction: 'out', outcome: 'answered' }) })}
          >
            <Trans>Record a call</Trans>
          </Button>
        )}
        {plan && (
          <Button
            variant="default"
            size="compact-sm"
            className={classes.way ?? ''}
            leftSection={<IconCalendarPlus size={14} />}
            onClick={() => setAdding({ kind: plan, begin: begin() })}
          >
            <Trans>Plan</Trans>
          </Button>
        )}
      </div>
      {adding && (
        <Suspense>
          <CreateDrawer
            kind={adding.kind}
            opened
            begin={adding.begin}
            onClose={() => setAdding(null)}
            onCreated={() => {
              setAdding(null);
              again();
            }}
          />
        </Suspense>
      )}
      {writing && (
        <Suspense>
          <LetterDrawer
            id={record.id}
            name={String(record[kind.title] ?? '')}
            onClose={() => setWriting(false)}
            onSent={() => {
              setWriting(false);
              again();
            }}
          />
        </Suspense>
      )}
    </section>
  );
}
