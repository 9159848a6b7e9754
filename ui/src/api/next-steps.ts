import { queryOptions } from '@tanstack/react-query';
import { call } from './http';
import type { Page, Record_, RecordRef } from './records';

/** What comes next with a client or a deal: the first open task or the first visit. */
export interface NextStep {
  of: 'task' | 'visit';
  title: string;
  at?: string;
}

interface Sees {
  tasks: boolean;
  visits: boolean;
}

type Answer = (found: Map<string, NextStep>) => void;

// Rows come into sight one by one; those of a moment are asked for together.
const moment = 25;
const together = 60;
const mostPages = 5;
const waiting = new Map<string, { ids: Set<string>; answers: [Answer, (failure: unknown) => void][] }>();

/** Everything that leads to one of these records, by the order asked for. */
async function leading(plural: string, kind: string, ids: string[], query: Record<string, string>) {
  const all: Record_[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const answer: Page = await call<Page>('GET', `/${plural}`, {
      query: { ...query, filter: `${kind} in (${ids.join(', ')}) and ${query.filter}`, limit: 200, cursor },
    });
    all.push(...answer.items);
    cursor = answer.next ?? undefined;
    if (!cursor) break;
  }
  return all;
}

async function steps(kind: string, ids: string[], sees: Sees): Promise<Map<string, NextStep>> {
  const [tasks, visits] = await Promise.all([
    sees.tasks
      ? leading('tasks', kind, ids, {
          filter: '(done is empty or done = false)',
          sort: 'due',
          fields: `title,due,${kind}`,
        })
      : [],
    sees.visits
      ? leading('appointments', kind, ids, {
          filter: 'starts_at >= now and status != cancelled',
          sort: 'starts_at',
          fields: `title,starts_at,${kind}`,
        })
      : [],
  ]);
  const found = new Map<string, NextStep>();
  const put = (of: NextStep['of'], record: Record_, at: unknown) => {
    const id = (record[kind] as RecordRef | null | undefined)?.id;
    if (!id) return;
    const held = found.get(id);
    const step = { of, title: String(record.title ?? ''), ...(typeof at === 'string' ? { at } : {}) };
    // Of two that have a day the earlier one; one with a day before one without.
    if (!held || (step.at && (!held.at || step.at < held.at))) found.set(id, step);
  };
  for (const task of tasks) put('task', task, task.due);
  for (const visit of visits) put('visit', visit, visit.starts_at);
  return found;
}

function gathered(kind: string, id: string, sees: Sees): Promise<Map<string, NextStep>> {
  return new Promise((done, fail) => {
    const key = `${kind} ${sees.tasks} ${sees.visits}`;
    let batch = waiting.get(key);
    if (!batch || batch.ids.size >= together) {
      const fresh = { ids: new Set<string>(), answers: [] as [Answer, (failure: unknown) => void][] };
      batch = fresh;
      waiting.set(key, fresh);
      setTimeout(() => {
        if (waiting.get(key) === fresh) waiting.delete(key);
        steps(kind, [...fresh.ids], sees).then(
          (found) => {
            for (const [answer] of fresh.answers) answer(found);
          },
          (failure) => {
            for (const [, refuse] of fresh.answers) refuse(failure);
          },
        );
      }, moment);
    }
    batch.ids.add(id);
    batch.answers.push([done, fail]);
  });
}

/** The next step of one record; many that are asked for at once are one request. */
export const nextStep = (kind: string, id: string, sees: Sees) =>
  queryOptions({
    queryKey: ['records', 'next', kind, id, sees],
    queryFn: async () => (await gathered(kind, id, sees)).get(id) ?? null,
    enabled: sees.tasks || sees.visits,
    staleTime: 30_000,
  });
