import { Trans, useLingui } from '@lingui/react/macro';
import { Skeleton } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type Dashboard, dashboard, type Figure } from '../../api/dashboard';
import { kinds } from '../../api/kinds';
import { useMe } from '../../api/session';
import { Empty } from '../../kit/empty';
import { Failure } from '../../kit/failure';
import { moneyText } from '../../kit/field-value';
import { Column, PageTitle, Panel } from '../../kit/page';
import { calendarDate } from '../../kit/when';
import { writing } from '../../text';
import classes from './dashboard.module.css';

/** What stands today, in numbers alone: no client is named here. */
export function DashboardPage() {
  const { t } = useLingui();
  const me = useMe();
  const { data, error, refetch } = useQuery(dashboard);
  const { data: all = [] } = useQuery(kinds);
  const sees = (name: string) =>
    all.some((kind) => kind.name === name && (kind.actions.view ?? 'denied') !== 'denied');

  if (error) return <Failure failure={error} retry={refetch} />;
  const shown = data && {
    deals: sees('deal') ? data : undefined,
    visits: sees('appointment') ? data.visits : undefined,
    tasks: sees('task') ? data : undefined,
    weeks: sees('contact') ? data.weeks : undefined,
  };
  const nothing = shown && !shown.deals && !shown.visits && !shown.tasks && !shown.weeks;
  return (
    <>
      <PageTitle title={t`Today`} />
      <Column wide>
        <p className={classes.hello}>
          <span className={classes.greeting}>
            <Trans>Good to see you, {me.person.name}.</Trans>
          </span>
          {data && <span className={classes.day}>{calendarDate(data.day)}</span>}
        </p>
        {!shown ? (
          <Bones />
        ) : nothing ? (
          <Empty icon={<IconChartBar size={24} />} title={t`No figures yet`}>
            <Trans>Figures appear here for what your role lets you see.</Trans>
          </Empty>
        ) : (
          <>
            <div className={classes.tiles}>
              <Tile word={t`Overdue tasks`} figure={shown.tasks?.overdue} plural="tasks" warn />
              <Tile word={t`Tasks of today`} figure={shown.tasks?.due_today} plural="tasks" />
              <Tile word={t`Visits today`} figure={shown.visits} plural="appointments" />
              <Tile
                word={t`Won this month`}
                figure={shown.deals?.won}
                plural="deals"
                note={shown.deals?.won_last && <Before figure={shown.deals.won_last} />}
              />
            </div>
            <div className={classes.charts}>
              {shown.deals?.stages && (
                <Panel title={t`Open deals by stage`}>
                  <Stages stages={shown.deals.stages} />
                </Panel>
              )}
              {shown.weeks && (
                <Panel title={t`New clients by week`}>
                  <Weeks weeks={shown.weeks} />
                </Panel>
              )}
            </div>
          </>
        )}
      </Column>
    </>
  );
}

const number = (n: number, capped = false) => n.toLocaleString(writing()) + (capped ? '+' : '');

const sums = (figure: Figure) =>
  (figure.totals ?? []).map((total) => moneyText(total.amount, total.currency)).join(' · ');

/** One number, which leads to the list that has as many. */
function Tile({
  word,
  figure,
  plural,
  note,
  warn = false,
}: {
  word: string;
  figure: Figure | undefined;
  plural: string;
  note?: ReactNode;
  warn?: boolean;
}) {
  if (!figure) return null;
  const money = sums(figure);
  return (
    <Link
      to="/$plural"
      params={{ plural }}
      search={{ filter: figure.filter, view: 'list' }}
      className={classes.tile}
      data-warn={(warn && figure.n > 0) || undefined}
    >
      <span className={classes.word}>{word}</span>
      <span className={classes.n}>{number(figure.n, figure.capped)}</span>
      {money && <span className={classes.money}>{money}</span>}
      {note && <span className={classes.note}>{note}</span>}
    </Link>
  );
}

function Before({ figure }: { figure: Figure }) {
  const n = number(figure.n, figure.capped);
  const money = sums(figure);
  return money ? (
    <Trans>
      Last month: {n}, {money}
    </Trans>
  ) : (
    <Trans>Last month: {n}</Trans>
  );
}

/** A bar for each stage, long as its deals are many. */
function Stages({ stages }: { stages: NonNullable<Dashboard['stages']> }) {
  const most = Math.max(1, ...stages.map((stage) => stage.figure.n));
  const several = new Set(stages.map((stage) => stage.pipeline)).size > 1;
  return (
    <ul className={classes.stages}>
      {stages.map((stage, index) => (
        <li key={stage.stage}>
          {several && stages[index - 1]?.pipeline !== stage.pipeline && (
            <div className={classes.pipeline}>{stage.pipeline}</div>
          )}
          <Link
            to="/$plural"
            params={{ plural: 'deals' }}
            search={{ filter: stage.figure.filter, view: 'list' }}
            className={classes.stage}
          >
            <span className={classes.stageName}>{stage.name}</span>
            <svg className={classes.bar} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
              <rect className={classes.rail} width="100" height="8" rx="1" />
              <rect className={classes.full} width={(stage.figure.n / most) * 100} height="8" rx="1" />
            </svg>
            <span className={classes.stageN}>{number(stage.figure.n, stage.figure.capped)}</span>
            <span className={classes.stageMoney}>{sums(stage.figure)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** A column for each week. */
function Weeks({ weeks }: { weeks: NonNullable<Dashboard['weeks']> }) {
  const { t } = useLingui();
  const most = Math.max(1, ...weeks.map((week) => week.figure.n));
  const width = 100 / Math.max(1, weeks.length);
  return (
    <figure className={classes.weeks}>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" className={classes.columns} aria-hidden>
        {weeks.map((week, index) => {
          const height = (week.figure.n / most) * 38;
          return (
            <rect
              key={week.from}
              className={classes.full}
              x={index * width + width * 0.18}
              y={40 - Math.max(height, 0.6)}
              width={width * 0.64}
              height={Math.max(height, 0.6)}
            />
          );
        })}
      </svg>
      <ol className={classes.weekWords} aria-label={t`New clients by week`}>
        {weeks.map((week) => (
          <li key={week.from}>
            <Link
              to="/$plural"
              params={{ plural: 'contacts' }}
              search={{ filter: week.figure.filter }}
              className={classes.week}
            >
              <strong>{number(week.figure.n, week.figure.capped)}</strong>
              <span>{calendarDate(week.from, true).replace(/\s*\d{4}.*$/, '')}</span>
            </Link>
          </li>
        ))}
      </ol>
    </figure>
  );
}

function Bones() {
  return (
    <div className={classes.tiles} aria-busy>
      {[0, 1, 2, 3].map((each) => (
        <Skeleton key={each} height={92} radius={10} />
      ))}
    </div>
  );
}
