import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { inPlaceOf } from '../../api/pages';
import type { Page, Record_ } from '../../api/records';

const lists = (plural: string) => ['records', plural, 'list'];
const boards = (plural: string) => ['records', plural, 'board'];

/** Puts the answer of a write where it is shown: the card, and every list that holds the record. */
export function place(client: QueryClient, plural: string, record: Record_) {
  client.setQueryData(['records', plural, 'one', record.id], record);
  client.setQueriesData<InfiniteData<Page>>(
    { queryKey: lists(plural) },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) =>
          page.items.some((item) => item.id === record.id)
            ? inPlaceOf(page, {
                ...page,
                items: page.items.map((item) => (item.id === record.id ? { ...item, ...record } : item)),
              })
            : page,
        ),
      },
  );
  void client.invalidateQueries({ queryKey: boards(plural) });
  for (const part of ['history', 'timeline', 'seen', 'access', 'shares']) {
    void client.invalidateQueries({ queryKey: ['records', plural, part, record.id] });
  }
}

/** Takes records out of every list at once, before the server has said so. */
export function takeOut(client: QueryClient, plural: string, ids: ReadonlySet<string>) {
  client.setQueriesData<InfiniteData<Page>>(
    { queryKey: lists(plural) },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page, index) => {
          const items = page.items.filter((item) => !ids.has(item.id));
          const gone = page.items.length - items.length;
          const count = index === 0 && page.count ? { ...page.count, n: page.count.n - gone } : page.count;
          return inPlaceOf(page, { ...page, items, ...(count ? { count } : {}) });
        }),
      },
  );
}

/** Asks anew for every list and board of the kind. */
export async function refresh(client: QueryClient, plural: string) {
  await client.invalidateQueries({ queryKey: lists(plural) });
  await client.invalidateQueries({ queryKey: boards(plural) });
}

export function useCache(plural: string) {
  const client = useQueryClient();
  return useMemo(
    () => ({
      place: (record: Record_) => place(client, plural, record),
      takeOut: (ids: ReadonlySet<string>) => takeOut(client, plural, ids),
      refresh: () => refresh(client, plural),
      forget: (part: string, id: string) =>
        client.invalidateQueries({ queryKey: ['records', plural, part, id] }),
    }),
    [client, plural],
  );
}
