import { useLingui } from '@lingui/react/macro';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { createElement, useCallback, useRef } from 'react';
import { Problem } from '../../api/http';
import { type Agenda, removeSeries, type Status, type Visit } from '../../api/journal';
import { change, read, remove, restore, undo, type Values } from '../../api/records';
import { useSentence } from '../../kit/failure';
import { useUndo } from '../../kit/undo';

/** When and whose an appointment is, in moments. */
export interface Place {
  starts_at: string;
  ends_at: string;
  responsible: string;
}

/**
 * What is done to appointments: shown at once, told with a way back, and taken
 * back by itself when the server refuses.
 */
export function useJournal() {
  const { t } = useLingui();
  const client = useQueryClient();
  const sentence = useSentence();
  const offerUndo = useUndo();
  /** One appointment is changed by one request at a time, so that each knows the version before it. */
  const lines = useRef(new Map<string, Promise<unknown>>());

  const put = useCallback(
    (visit: Visit) => {
      client.setQueriesData<Agenda>({ queryKey: ['journal'], predicate: isAgenda }, (data) =>
        data?.items
          ? {
              ...data,
              items: data.items.map((each) => (each.id === visit.id ? { ...each, ...visit } : each)),
            }
          : data,
      );
    },
    [client],
  );

  const refresh = useCallback(async () => {
    await client.invalidateQueries({ queryKey: ['journal'] });
    await client.invalidateQueries({ queryKey: ['records', 'appointments'] });
  }, [client]);

  const current = useCallback(
    (id: string): Visit | undefined => {
      for (const [, data] of client.getQueriesData<Agenda>({ queryKey: ['journal'], predicate: isAgenda })) {
        const found = data?.items?.find((each) => each.id === id);
        if (found) return found;
      }
      return undefined;
    },
    [client],
  );

  /** Why it was not done, in words that say what now stands. */
  const refused = useCallback(
    (failure: unknown) => {
      const stale =
        failure instanceof Problem && (failure.status === 412 || failure.code === 'record.changed');
      notifications.show({
        color: 'red',
        autoClose: 9000,
        closeButtonProps: { 'aria-label': t`Close` },
        title: stale ? t`Somebody changed this meanwhile` : t`It stays as it was`,
        message: stale ? t`This is how it stands now. Look again and repeat.` : sentence(failure),
      });
    },
    [sentence, t],
  );

  /** Changes one appointment, first on the screen and then on the server. */
  const set = useCallback(
    async (visit: Visit, shown: Partial<Visit>, values: Values): Promise<Visit | null> => {
      await client.cancelQueries({ queryKey: ['journal'] });
      put({ ...visit, ...shown });
      const before = lines.current.get(visit.id);
      const run = (async () => {
        await before?.catch(() => {});
        const version = current(visit.id)?.version ?? visit.version;
        return (await change('appointments', visit.id, version, values)) as Visit;
      })();
      lines.current.set(visit.id, run);
      try {
        const next = await run;
        put(next);
        return next;
      } catch (failure) {
        put(visit);
        refused(failure);
        return null;
      } finally {
        if (lines.current.get(visit.id) === run) lines.current.delete(visit.id);
        // What is being written would be shown as it was before.
        if (lines.current.size === 0) void refresh();
      }
    },
    [client, put, refresh, current, refused],
  );

  const offer = useCallback(
    (text: string, back: () => Promise<unknown>) =>
      offerUndo(createElement('span', null, text), async () => {
        try {
          await back();
        } finally {
          void refresh();
        }
      }),
    [offerUndo, refresh],
  );

  const move = useCallback(
    async (visit: Visit, to: Place, name: string | undefined, told: string) => {
      const was: Place = {
        starts_at: visit.starts_at,
        ends_at: visit.ends_at,
        responsible: visit.responsible?.id ?? '',
      };
      const moved = to.responsible !== was.responsible;
      const next = await set(
        visit,
        {
          starts_at: to.starts_at,
          ends_at: to.ends_at,
          ...(moved ? { responsible: { id: to.responsible, name: name ?? '' } } : {}),
        },
        {
          starts_at: to.starts_at,
          ends_at: to.ends_at,
          ...(moved ? { responsible: to.responsible } : {}),
        },
      );
      if (!next) return false;
      offer(told, async () => {
        const stands = (current(visit.id) ?? next).version;
        put(
          (await change(
            'appointments',
            visit.id,
            stands,
            moved ? { ...was } : { starts_at: was.starts_at, ends_at: was.ends_at },
          )) as Visit,
        );
      });
      return true;
    },
    [set, offer, current, put],
  );

  const mark = useCallback(
    async (visit: Visit, status: Status, told: string) => {
      const was = visit.status;
      if (was === status) return;
      const next = await set(visit, { status }, { status });
      if (!next || !was) return;
      offer(told, async () => {
        const stands = (current(visit.id) ?? next).version;
        put((await change('appointments', visit.id, stands, { status: was })) as Visit);
      });
    },
    [set, offer, current, put],
  );

  const drop = useCallback(
    async (visit: Visit, whole: boolean, told: string) => {
      try {
        if (whole) {
          const done = await removeSeries(visit.id, visit.version);
          offer(told, () => undo(done.operation));
        } else {
          await remove('appointments', visit.id);
          offer(told, () => restore('appointments', visit.id));
        }
      } catch (failure) {
        refused(failure);
      } finally {
        void refresh();
      }
    },
    [offer, refused, refresh],
  );

  const fresh = useCallback(
    (id: string) => client.fetchQuery(read('appointments', id)) as Promise<Visit>,
    [client],
  );

  return { move, mark, drop, refresh, offer, put, fresh };
}

const isAgenda = (query: { queryKey: readonly unknown[] }) => /^\d{4}-/.test(String(query.queryKey[1]));
