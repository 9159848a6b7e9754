import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Anchor,
  Button,
  Checkbox,
  Menu,
  SegmentedControl,
  Skeleton,
  TextInput,
} from '@mantine/core';
import { IconCalendarPlus, IconChecklist, IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { kinds } from '../../api/kinds';
import { change, list, type PersonRef, type Record_, type RecordRef } from '../../api/records';
import { useMe } from '../../api/session';
import { Avatar } from '../../kit/avatar';
import Closed from '../../kit/closed';
import { useDraft } from '../../kit/draft';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { Column, PageTitle } from '../../kit/page';
import { useUndo } from '../../kit/undo';
import { daysBetween, When } from '../../kit/when';
import classes from './days.module.css';

type Day = 'overdue' | 'today' | 'tomorrow' | 'week' | 'later' | 'none';

const days: Day[] = ['overdue', 'today', 'tomorrow', 'week', 'later', 'none'];

const dayOf = (task: Record_, now: Date): Day => {
  if (typeof task.due !== 'string') return 'none';
  const away = daysBetween(now, new Date(task.due));
  if (away < 0) return 'overdue';
  if (away === 0) return 'today';
  if (away === 1) return 'tomorrow';
  return away < 7 ? 'week' : 'later';
};

/** What is due when a task is moved to a day: the time of day stays. */
function moved(task: Record_, away: number | null, now: Date): string | null {
  if (away === null) return null;
  const was = typeof task.due === 'string' ? new Date(task.due) : null;
  const due = new Date(now);
  due.setDate(due.getDate() + away);
  due.setHours(was ? was.getHours() : 18, was ? was.getMinutes() : 0, 0, 0);
  return due.toISOString();
}

const away: Partial<Record<Day, number | null>> = { today: 0, tomorrow: 1, week: 3, later: 7, none: null };

/** The open tasks as days: what is late, what is for today, what comes. */
export function DaysPage() {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const offerUndo = useUndo();
  const { data: all } = useQuery(kinds);
  const [whose, setWhose] = useState<'mine' | 'all'>('mine');
  const [over, setOver] = useState<Day | null>(null);
  const [going, setGoing] = useState<ReadonlySet<string>>(new Set());
  const kind = all?.find((each) => each.name === 'task');
  const wide = ['group', 'all'].includes(kind?.actions.view ?? 'denied');
  const open = '(done is empty or done = false)';
  const question = {
    filter: whose === 'mine' || !wide ? `${open} and responsible = me` : open,
    sort: 'due',
  };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...list('tasks', question),
    enabled: !!kind,
  });
  const now = new Date();
  const tasks = data?.pages.flatMap((page) => page.items) ?? [];
  const mayEdit = (task: Record_) => !me.view_as && task.can?.edit !== false;
  const again = () => client.invalidateQueries({ queryKey: ['records', 'tasks', 'list'] });

  async function set(task: Record_, values: Record<string, unknown>) {
    try {
      const next = await change('tasks', task.id, task.version, values);
      await again();
      return next;
    } catch (failure) {
      tell(failure);
      await again();
      return null;
    }
  }

  async function finish(task: Record_) {
    // The box answers at once; the task goes when the server has said so.
    setGoing((now) => new Set(now).add(task.id));
    const next = await set(task, { done: true });
    setGoing((now) => new Set([...now].filter((id) => id !== task.id)));
    if (next) offerUndo(<Trans>Done.</Trans>, async () => void (await set(next, { done: false })));
  }

  async function move(task: Record_, to: Day) {
    const days = away[to];
    if (days === undefined || dayOf(task, now) === to) return;
    const next = await set(task, { due: moved(task, days, now) });
    const was = task.due ?? null;
    if (next) offerUndo(<Trans>Moved.</Trans>, async () => void (await set(next, { due: was })));
  }

  const names: Record<Day, string> = {
    overdue: t`Overdue`,
    today: t`Today`,
    tomorrow: t`Tomorrow`,
    week: t`This week`,
    later: t`Later`,
    none: t`Without a day`,
  };

  if (error) return <Failure failure={error} retry={refetch} />;
  if (all && (kind?.actions.view ?? 'denied') === 'denied' && (!kind || data) && tasks.length === 0)
    return <Closed what={t`Tasks`} />;
  return (
    <>
      <PageTitle title={t`Tasks`} />
      <Column>
        <div className={classes.top}>
          {wide && (
            <SegmentedControl
              size="xs"
              aria-label={t`Whose tasks`}
              value={whose}
              onChange={(next) => setWhose(next as 'mine' | 'all')}
              data={[
                { value: 'mine', label: t`Mine` },
                { value: 'all', label: t`All` },
              ]}
            />
          )}
          <Anchor component={Link} to="/tasks" size="sm" className={classes.list}>
            <Trans>All tasks as a list</Trans>
          </Anchor>
        </div>
        {!me.view_as && (kind?.actions.create ?? 'denied') !== 'denied' && <Quick onDone={again} />}
        {!data ? (
          <Skeleton height={160} />
        ) : tasks.length === 0 ? (
          <Empty icon={<IconChecklist size={24} />} title={t`Nothing to do`}>
            <Trans>Write above what is to be done, or plan the next step on a client's card.</Trans>
          </Empty>
        ) : (
          days.map((day) => {
            const of = tasks.filter((task) => dayOf(task, now) === day);
            if (of.length === 0 && !['today', 'tomorrow'].includes(day)) return null;
            return (
              <section
                key={day}
                aria-label={names[day]}
                className={classes.day}
                data-over={over === day || undefined}
                onDragOver={(event) => {
                  if (!(day in away)) return;
                  event.preventDefault();
                  setOver(day);
                }}
                onDragLeave={() => setOver(null)}
                onDrop={(event) => {
                  event.preventDefault();
                  setOver(null);
                  const task = tasks.find((each) => each.id === event.dataTransfer.getData('text/plain'));
                  if (task) void move(task, day);
                }}
              >
                <h2 className={classes.head} data-late={day === 'overdue' || undefined}>
                  {names[day]} <span className={classes.n}>{of.length}</span>
                </h2>
                {of.length === 0 && (
                  <p className={classes.nothing}>
                    <Trans>Nothing.</Trans>
                  </p>
                )}
                <ul className={classes.tasks}>
                  {of.map((task) => (
                    <Task
                      key={task.id}
                      task={task}
                      late={day === 'overdue'}
                      mine={(task.responsible as PersonRef | null)?.id === me.person.id}
                      editable={mayEdit(task)}
                      done={going.has(task.id)}
                      places={days
                        .filter((to) => to in away && to !== day)
                        .map((to) => ({ to, word: names[to] }))}
                      onDone={() => finish(task)}
                      onMove={(to) => move(task, to)}
                    />
                  ))}
                </ul>
              </section>
            );
          })
        )}
        {hasNextPage && (
          <Button variant="subtle" color="gray" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            <Trans>Show more</Trans>
          </Button>
        )}
      </Column>
    </>
  );
}

function Task({
  task,
  late,
  mine,
  editable,
  done,
  places,
  onDone,
  onMove,
}: {
  task: Record_;
  late: boolean;
  mine: boolean;
  editable: boolean;
  done: boolean;
  places: { to: Day; word: string }[];
  onDone: () => void;
  onMove: (to: Day) => void;
}) {
  const { t } = useLingui();
  const title = String(task.title ?? '');
  const client = (task.contact ?? task.company ?? task.deal) as RecordRef | null | undefined;
  const responsible = task.responsible as PersonRef | null | undefined;
  return (
    <li
      className={classes.task}
      draggable={editable}
      onDragStart={(event) => event.dataTransfer.setData('text/plain', task.id)}
    >
      <Checkbox
        aria-label={t`Done: ${title}`}
        checked={done}
        disabled={!editable || done}
        onChange={onDone}
        className={classes.check}
      />
      <div className={classes.what}>
        <Link to="/$plural/$id" params={{ plural: 'tasks', id: task.id }} className={classes.title}>
          {title}
        </Link>
        {client?.title && <span className={classes.client}>{client.title}</span>}
      </div>
      {typeof task.due === 'string' && (
        <span className={classes.due} data-late={late || undefined}>
          <When at={task.due} />
        </span>
      )}
      {!mine && responsible?.name && <Avatar name={responsible.name} size={20} />}
      {editable && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={28} aria-label={t`Move to another day: ${title}`}>
              <IconCalendarPlus size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {places.map(({ to, word }) => (
              <Menu.Item key={to} onClick={() => onMove(to)}>
                {word}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

/** A task in one line, for today. */
function Quick({ onDone }: { onDone: () => void }) {
  const { t } = useLingui();
  const { typed, type, send, busy } = useDraft('castellan.task.today');

  async function add() {
    const due = new Date();
    due.setHours(Math.max(18, Math.min(23, due.getHours() + 1)), 0, 0, 0);
    if (await send('tasks', (title) => ({ title, due: due.toISOString() }))) onDone();
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <TextInput
        aria-label={t`Add a task for today`}
        placeholder={t`Add a task for today`}
        leftSection={<IconPlus size={16} aria-hidden />}
        value={typed}
        disabled={busy}
        onChange={(event) => type(event.currentTarget.value)}
      />
    </form>
  );
}
