import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { kinds } from '../api/kinds';
import { lookAt } from '../api/pages';
import { refresh } from './live';

function screen(...keys: unknown[][]) {
  const client = new QueryClient();
  client.setQueryData(kinds.queryKey, [
    { name: 'deal', plural: 'deals' },
    { name: 'contact', plural: 'contacts' },
    { name: 'comment', plural: 'comments' },
    { name: 'appointment', plural: 'appointments' },
  ] as never);
  const asked: string[] = [];
  for (const key of keys) {
    client.setQueryData(key, {});
    new QueryObserver(client, {
      queryKey: key,
      staleTime: 60_000,
      queryFn: () => {
        asked.push(key.join('/'));
        return {};
      },
    }).subscribe(() => undefined);
  }
  return { client, asked };
}

const keys = [
  ['records', 'deals', 'list', 'q'],
  ['records', 'deals', 'board', 'q'],
  ['records', 'deals', 'one', 'deal_1'],
  ['records', 'deals', 'one', 'deal_2'],
  ['records', 'deals', 'timeline', 'deal_2'],
  ['records', 'deals', 'seen', 'deal_1'],
  ['records', 'contacts', 'list', 'q'],
  ['journal', '2026-03-02', '2026-03-03', ''],
  ['people'],
];

test('only what shows a record of the kind is asked for, and only the card that is named', async () => {
  const { client, asked } = screen(...keys);
  refresh(client, [{ kinds: [{ kind: 'deal', ids: ['deal_1'] }] }]);
  await Promise.resolve();
  expect(asked.sort()).toEqual(['records/deals/board/q', 'records/deals/list/q', 'records/deals/one/deal_1']);
});

test('of what is not named every open card is asked for', async () => {
  const { client, asked } = screen(...keys);
  refresh(client, [{ kinds: [{ kind: 'deal', more: true }] }]);
  await Promise.resolve();
  expect(asked.sort()).toEqual([
    'records/deals/board/q',
    'records/deals/list/q',
    'records/deals/one/deal_1',
    'records/deals/one/deal_2',
    'records/deals/timeline/deal_2',
  ]);
});

test('a comment is of the timeline that it is about, and an appointment of the journal', async () => {
  const { client, asked } = screen(...keys);
  refresh(client, [
    { kinds: [{ kind: 'comment', ids: ['comment_1'], about: ['deal_2'] }] },
    { kinds: [{ kind: 'appointment', ids: ['appointment_1'] }] },
  ]);
  await Promise.resolve();
  expect(asked.sort()).toEqual(['journal/2026-03-02/2026-03-03/', 'records/deals/timeline/deal_2']);
});

test.each([
  { sight: false, word: 'what was gone through far is not fetched whole' },
  {
    sight: true,
    word: 'a list of which the sight is known hears of every change, however far it was scrolled',
  },
])('$word', async ({ sight }) => {
  const { client, asked } = screen(['records', 'deals', 'board', 'q']);
  const far = ['records', 'deals', 'list', 'far'];
  client.setQueryData(far, { pages: Array.from({ length: 6 }, () => ({ items: [] })), pageParams: [] });
  new QueryObserver(client, {
    queryKey: far,
    staleTime: 60_000,
    queryFn: () => {
      asked.push('far');
      return {};
    },
  }).subscribe(() => undefined);
  if (sight) lookAt(client, far, 500, 540);
  refresh(client, [{ kinds: [{ kind: 'deal', ids: ['deal_1'] }] }]);
  await Promise.resolve();
  expect(asked).toEqual(sight ? ['records/deals/board/q', 'far'] : ['records/deals/board/q']);
});
