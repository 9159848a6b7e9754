import { type InfiniteData, InfiniteQueryObserver, QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { lookAt, mend, pageOf, rowsOf } from './pages';
import type { Page } from './records';

const size = 10;
const key = ['records', 'deals', 'list', 'q'];

/** A list on a server, ten to a page, that a screen has scrolled through to its end. */
async function scrolled(count: number) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } });
  const server = Array.from({ length: count }, (_, n) => ({
    id: `deal_${n * 10}`,
    at: n * 10,
    word: 'first',
  }));
  const asked: string[] = [];
  const observer = new InfiniteQueryObserver<Page, Error, InfiniteData<Page, string>, string[], string>(
    client,
    {
      queryKey: key,
      queryFn: ({ client: of, queryKey, pageParam }) =>
        pageOf(
          { client: of, queryKey, pageParam },
          async () => {
            asked.push(pageParam || 'top');
            const rest = server.filter((row) => pageParam === '' || row.at > Number(pageParam));
            const items = rest.slice(0, size).map((row) => ({ ...row })) as unknown as Page['items'];
            const last = rest[size - 1];
            return {
              items,
              next: rest.length > size && last ? String(last.at) : null,
              ...(pageParam ? {} : { count: { n: server.length, capped: false } }),
            };
          },
          async () => {
            asked.push('count');
            return { n: server.length, capped: false };
          },
        ),
      initialPageParam: '',
      getNextPageParam: (last) => last.next ?? undefined,
      structuralSharing: false,
    },
  );
  observer.subscribe(() => undefined);
  const settled = async () => {
    while (client.isFetching() > 0) await new Promise((done) => setTimeout(done, 1));
  };
  await settled();
  lookAt(client, key, 0, 5);
  while (observer.getCurrentResult().hasNextPage) await observer.fetchNextPage();
  const data = () => client.getQueryData<InfiniteData<Page>>(key);
  return {
    client,
    server,
    settled,
    rows: () => rowsOf(data()?.pages),
    count: () => data()?.pages[0]?.count?.n,
    /** Goes down to the end, as a hand does. */
    async scroll() {
      for (let at = 0; at < server.length; at += 5) {
        lookAt(client, key, at, at + 5);
        mend(client, key);
        await settled();
        if (observer.getCurrentResult().hasNextPage && at > server.length - size)
          await observer.fetchNextPage();
      }
    },
    /** What is asked for by what is done. */
    async asks(act: () => unknown): Promise<string[]> {
      asked.length = 0;
      await act();
      await settled();
      return [...asked];
    },
  };
}

const again = (client: QueryClient) => client.invalidateQueries({ queryKey: ['records', 'deals'] });

test('of a list of sixty pages a change asks for those in sight alone, and for how many there are', async () => {
  const { client, server, asks, rows, count } = await scrolled(600);
  expect(rows()).toHaveLength(600);
  lookAt(client, key, 301, 309);
  for (const row of server) row.word = 'second';
  server.pop();
  const asked = await asks(() => again(client));
  expect(asked).toHaveLength(6); // five pages around, and the count
  expect(asked).toContain('count');
  expect(rows()[305]?.word).toBe('second');
  expect(rows()[0]?.word).toBe('first');
  expect(count()).toBe(599);
});

test('what is out of sight is asked for when it comes into sight, once', async () => {
  const { client, server, asks, rows } = await scrolled(600);
  lookAt(client, key, 301, 309);
  for (const row of server) row.word = 'second';
  await asks(() => again(client));
  lookAt(client, key, 0, 5);
  expect(await asks(() => mend(client, key))).toEqual(['top', '90', '190']);
  expect(rows()[3]?.word).toBe('second');
  expect(await asks(() => mend(client, key))).toEqual([]);
});

test('a row that comes in between moves no row out of the list', async () => {
  const { client, server, asks, rows, scroll } = await scrolled(100);
  server.splice(1, 0, { id: 'deal_5', at: 5, word: 'new' });
  server.splice(2, 0, { id: 'deal_7', at: 7, word: 'new' });
  // The pages after those in sight begin elsewhere by now, and are left alone all the same.
  expect(await asks(() => again(client))).toHaveLength(3);
  expect(rows()[1]?.id).toBe('deal_5');
  await scroll();
  expect(rows().map((row) => row.id)).toEqual(server.map((row) => row.id));
});

test('where what is old is asked for and what follows is not old, no row falls between', async () => {
  const { client, server, asks, rows, scroll } = await scrolled(600);
  lookAt(client, key, 301, 309);
  await asks(() => again(client));
  server.splice(262, 0, { id: 'deal_2615', at: 2615, word: 'new' });
  lookAt(client, key, 255, 262);
  await asks(() => mend(client, key));
  await scroll();
  expect(rows().map((row) => row.id)).toEqual(server.map((row) => row.id));
});

test('rows that are gone leave no row twice', async () => {
  const { client, server, asks, rows, scroll } = await scrolled(100);
  server.splice(3, 15);
  await asks(() => again(client));
  const ids = rows().map((row) => row.id);
  expect(new Set(ids).size).toBe(ids.length);
  await scroll();
  expect(rows().map((row) => row.id)).toEqual(server.map((row) => row.id));
});

test('a refresh that was broken off by the next page is made up for', async () => {
  const { client, server, settled, rows } = await scrolled(600);
  lookAt(client, key, 301, 309);
  for (const row of server) row.word = 'second';
  void again(client);
  await client.cancelQueries({ queryKey: key });
  await settled();
  expect(rows()[305]?.word).toBe('first');
  mend(client, key);
  await settled();
  expect(rows()[305]?.word).toBe('second');
});

test('a list that was empty is asked for when something may be in it', async () => {
  const { client, server, asks, rows } = await scrolled(0);
  server.push({ id: 'deal_1', at: 1, word: 'new' });
  expect(await asks(() => again(client))).toEqual(['top']);
  expect(rows()).toHaveLength(1);
});
