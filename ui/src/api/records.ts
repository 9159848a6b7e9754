import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type {
  Access as Access_,
  BulkBody,
  Change,
  Contact,
  Convert as ConvertAnswer,
  Count,
  Doer,
  Hit as Hit_,
  MergeBody,
  Moment,
  Named,
  Operation,
  Progress,
  Reason as Reason_,
  Reveal,
  Rows,
  Share as Share_,
  ShareBody,
  Sightings,
  Step,
  Why,
} from './generated';
import { call } from './http';
import { pageOf } from './pages';
import type { Page, Record_ } from './record';

export type { Page, Record_ } from './record';

export type Phone = NonNullable<Contact['phones']>[number];
export type Email = NonNullable<Contact['emails']>[number];
export type PersonRef = Named;

export interface RecordRef {
  id: string;
  kind: string;
  title: string;
}

/** Where today begins. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export interface Question {
  filter?: string;
  sort?: string;
  search?: string;
  fields?: string;
  bin?: boolean;
}

const plain = (question: Question) => ({
  filter: question.filter,
  sort: question.sort,
  search: question.search,
  fields: question.fields,
  bin: question.bin ? 1 : undefined,
});

/** The list, page by page; the first page brings the count. */
export const list = (plural: string, question: Question, size = 100) =>
  infiniteQueryOptions({
    queryKey: ['records', plural, 'list', question, size],
    queryFn: ({ client, queryKey, pageParam, signal }) =>
      pageOf(
        { client, queryKey, pageParam },
        () =>
          call<Page>('GET', `/${plural}`, {
            query: {
              zone,
              ...plain(question),
              limit: size,
              cursor: pageParam || undefined,
              count: pageParam ? undefined : 'capped',
              can: 1,
            },
            signal,
          }),
        () =>
          question.bin
            ? Promise.resolve(undefined)
            : call<Count>('GET', `/${plural}/count`, {
                query: { zone, filter: question.filter, search: question.search },
                signal,
              }),
      ),
    initialPageParam: '',
    getNextPageParam: (last: Page) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    // With each page all that are there would be compared with themselves.
    structuralSharing: false,
  });

export interface Lane {
  stage: string;
  count: Count;
  totals: { currency: string; amount: string }[];
  page: Page;
}

/** The stages of a pipeline side by side, each with the first of what is in it. */
export const board = (plural: string, question: Question & { pipeline?: string }) =>
  queryOptions({
    queryKey: ['records', plural, 'board', question],
    queryFn: ({ signal }) =>
      call<{ pipeline: string; lanes: Lane[] }>('GET', `/${plural}/board`, {
        query: { zone, ...plain(question), pipeline: question.pipeline },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });

/** What a lane holds after what a board has shown of it. */
export const restOfLane = (plural: string, question: Question, cursor: string) =>
  call<Page>('GET', `/${plural}`, { query: { zone, ...plain(question), cursor, limit: 50 } });

export const exactCount = (plural: string, question: Question) =>
  call<{ n: number; capped: boolean }>('GET', `/${plural}/count`, {
    query: { zone, filter: question.filter, search: question.search, exact: 1 },
  });

export const read = (plural: string, id: string) =>
  queryOptions({
    queryKey: ['records', plural, 'one', id],
    queryFn: ({ signal }) => call<Record_>('GET', `/${plural}/${id}`, { signal }),
    staleTime: 10_000,
  });

/** Reads the record now, past what is kept. */
export const readOnce = (plural: string, id: string) => call<Record_>('GET', `/${plural}/${id}`);

export type Values = Record<string, unknown>;

export const create = (plural: string, values: Values, once: string) =>
  call<Record_>('POST', `/${plural}`, { body: values, headers: { 'Idempotency-Key': once } });

export const change = (plural: string, id: string, version: number, values: Values) =>
  call<Record_>('PATCH', `/${plural}/${id}`, { body: values, headers: { 'If-Match': `"${version}"` } });

/** Makes a prospect of every row, as one step; rows that are refused are named by their place. */
export const createProspects = (rows: Values[], once: string) =>
  call<Rows>('POST', '/prospects/rows', { body: { rows }, headers: { 'Idempotency-Key': once } });

/** Makes a client of a prospect, and a deal if one is named. */
export const convert = (id: string, deal: string) =>
  call<ConvertAnswer>('POST', `/prospects/${id}/convert`, { body: deal ? { deal } : {} });

/** Starts what follows a won deal, with its tasks. */
export const startProcess = (deal: string, pipeline: string) =>
  call<{ process: string }>('POST', `/deals/${deal}/processes`, { body: { pipeline } });

export const remove = (plural: string, id: string) => call<void>('DELETE', `/${plural}/${id}`);

export const restore = (plural: string, id: string) => call<Record_>('POST', `/${plural}/${id}/restore`);

export type Revealed = Reveal;

export const reveal = (plural: string, id: string, fields: string[]) =>
  call<Revealed>('POST', `/${plural}/${id}/reveal`, { body: { fields } });

export type FieldChange = Change;

export type Version = Step;

export type Actor = Doer;

export const history = (plural: string, id: string) =>
  queryOptions({
    queryKey: ['records', plural, 'history', id],
    queryFn: async ({ signal }) =>
      (await call<{ items: Version[] }>('GET', `/${plural}/${id}/history`, { signal })).items,
  });

export const earlier = (plural: string, id: string, version: number) =>
  queryOptions({
    queryKey: ['records', plural, 'earlier', id, version],
    queryFn: ({ signal }) => call<Record_>('GET', `/${plural}/${id}/history/${version}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const revert = (plural: string, id: string, version: number) =>
  call<Record_>('POST', `/${plural}/${id}/history/${version}/restore`);

export type Happening = Moment;

/** What happened to a record; only: changes, or what one kind of record tells of it. */
export const timeline = (plural: string, id: string, only = '') =>
  infiniteQueryOptions({
    queryKey: ['records', plural, 'timeline', id, only],
    queryFn: ({ pageParam, signal }) =>
      call<{ items: Happening[]; next?: string | null }>('GET', `/${plural}/${id}/timeline`, {
        query: { cursor: pageParam || undefined, only: only || undefined },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last: { next?: string | null }) => last.next ?? undefined,
  });

export const seen = (plural: string, id: string) =>
  queryOptions({
    queryKey: ['records', plural, 'seen', id],
    queryFn: ({ signal }) => call<Sightings>('GET', `/${plural}/${id}/seen`, { signal }),
  });

export type Access = Access_;

export const access = (plural: string, id: string) =>
  queryOptions({
    queryKey: ['records', plural, 'access', id],
    queryFn: async ({ signal }) =>
      (await call<{ items: Access[] }>('GET', `/${plural}/${id}/access`, { signal })).items,
  });

export type Verdict = Why;
export type Reason = Reason_;

export const why = (plural: string, id: string, ask: { person?: string; field?: string; action?: string }) =>
  queryOptions({
    queryKey: ['records', plural, 'why', id, ask],
    queryFn: ({ signal }) => call<Verdict>('GET', `/${plural}/${id}/why`, { query: ask, signal }),
  });

export type Share = Share_;

export const shares = (plural: string, id: string) =>
  queryOptions({
    queryKey: ['records', plural, 'shares', id],
    queryFn: async ({ signal }) =>
      (await call<{ items: Share[] }>('GET', `/${plural}/${id}/shares`, { signal })).items,
  });

export const share = (plural: string, id: string, body: ShareBody) =>
  call<Share>('POST', `/${plural}/${id}/shares`, { body });

export const unshare = (plural: string, id: string, principal: string) =>
  call<void>('DELETE', `/${plural}/${id}/shares/${principal}`);

export const find = (plural: string, by: { phone?: string; email?: string }) =>
  call<{ items: Record_[] }>('POST', `/${plural}/find`, { body: by });

/** Records that bear the same in one field, as a list shows them. */
export interface Twins {
  by: string;
  records: Record_[];
}

/** What may be the same as what is being written, among what the person may see. */
export const alike = (plural: string, body: { id?: string; values?: Values }) =>
  call<{ items: Twins[] }>('POST', `/${plural}/alike`, { body });

/** Records that are probably the same, page by page. */
export const duplicates = (plural: string) =>
  infiniteQueryOptions({
    queryKey: ['records', plural, 'duplicates'],
    queryFn: ({ pageParam, signal }) =>
      call<{ items: Twins[]; next: string | null }>('GET', `/${plural}/duplicates`, {
        query: { cursor: pageParam || undefined },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last: { next: string | null }) => last.next ?? undefined,
  });

/** Asks whoever is responsible, if there is anybody. The answer is always the same. */
export const askForAccess = (plural: string, by: { phone?: string; email?: string }) =>
  call<void>('POST', `/${plural}/ask`, { body: by });

export const merge = (plural: string, id: string, body: MergeBody) =>
  call<Done>('POST', `/${plural}/${id}/merge`, { body });

export type Bulk = BulkBody;

export type Done = Operation;

export const bulk = (plural: string, what: Bulk) => call<Done>('POST', `/${plural}/bulk`, { body: what });

export const progress = (operation: string) => call<Progress>('GET', `/operations/${operation}`);

export const undo = (operation: string) => call<Done>('POST', `/operations/${operation}/undo`);

export type Hit = Hit_;

export const search = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    queryFn: async ({ signal }) =>
      (await call<{ items: Hit[] }>('GET', '/search', { query: { q }, signal })).items,
    staleTime: 10_000,
  });

export interface Letter {
  subject: string;
  body: string;
  deal?: string;
  files?: string[];
}

/** Sends a mail to a client, once for each key; the server knows to which address. */
export const sendLetter = (id: string, letter: Letter, once: string) =>
  call<{ message: string }>('POST', `/contacts/${id}/letter`, {
    body: letter,
    headers: { 'Idempotency-Key': once },
  });

/** Sends a mail again that did not arrive. */
export const sendAgain = (message: string) => call<void>('POST', `/messages/${message}/again`);

/** The letter with its fields filled in, as far as the writer sees them. */
export const previewLetter = (id: string, letter: Letter) =>
  call<{ subject: string; body: string }>('POST', `/contacts/${id}/letter/preview`, { body: letter });
