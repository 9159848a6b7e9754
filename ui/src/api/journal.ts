import { queryOptions } from '@tanstack/react-query';
import type {
  RepeatBody,
  Series as Series_,
  Slot as Slot_,
  SpanPart,
  Staff as Staff_,
  StaffBody,
} from './generated';
import { call } from './http';
import type { Page, PersonRef, Record_, RecordRef, Revealed, Values } from './records';

export type Status = 'waiting' | 'confirmed' | 'came' | 'no_show' | 'cancelled';

/** An appointment, as far as the asker may see it. */
export interface Visit extends Record_ {
  title: string;
  contact?: RecordRef | null;
  service?: RecordRef | null;
  responsible?: PersonRef | null;
  starts_at: string;
  ends_at: string;
  status?: Status;
  price?: string | null;
  series?: string | null;
  note?: string | null;
}

export interface Column {
  id: string;
  name: string;
  position?: string;
  colour?: string;
}

export interface Stretch {
  staff: string;
  from: string;
  to: string;
}

export interface Agenda {
  items: Visit[];
  clients: Record_[];
  time_zone: string;
  from: string;
  to: string;
  staff: Column[];
  hours: Stretch[];
  busy: Stretch[];
}

/** Some days of the journal, from the first one to the one after the last. */
export const agenda = (from: string, to: string, staff: string) =>
  queryOptions({
    queryKey: ['journal', from, to, staff],
    queryFn: ({ signal }) => call<Agenda>('GET', '/journal', { query: { from, to, staff }, signal }),
    staleTime: 10_000,
    refetchInterval: 60_000,
  });

export type Staff = Staff_;
export type Span = SpanPart;

/** Who takes appointments, in the order of the columns. */
export const staff = queryOptions({
  queryKey: ['staff'],
  queryFn: async ({ signal }) => (await call<{ items: Staff[] }>('GET', '/staff', { signal })).items,
  staleTime: 60_000,
});

export const saveStaff = (id: string, body: StaffBody) => call<Staff>('PUT', `/staff/${id}`, { body });
export const removeStaff = (id: string) => call<void>('DELETE', `/staff/${id}`);
export const orderStaff = (order: string[]) => call<{ items: Staff[] }>('PUT', '/staff', { body: { order } });

export type Slot = Slot_;

export interface Wanted {
  day: string;
  staff?: string | undefined;
  minutes: number;
  except?: string | undefined;
}

/** When an appointment of some length can begin on a day. */
export const slots = (wanted: Wanted) =>
  queryOptions({
    queryKey: ['journal', 'slots', wanted],
    queryFn: async ({ signal }) =>
      (await call<{ items: Slot[] }>('GET', '/booking/slots', { query: { ...wanted }, signal })).items,
    staleTime: 5_000,
  });

/** Clients to book, as the drop-down shows them. */
export const pickClients = (search: string) =>
  queryOptions({
    queryKey: ['journal', 'clients', search],
    queryFn: async ({ signal }) =>
      (await call<Page>('GET', '/booking/clients', { query: { search }, signal })).items,
    staleTime: 10_000,
  });

/** One client as the booking window shows them. */
export const clientToBook = (id: string) =>
  queryOptions({
    queryKey: ['journal', 'client', id],
    queryFn: ({ signal }) => call<Record_>('GET', `/booking/clients/${id}`, { signal }),
    staleTime: 10_000,
  });

export const revealInJournal = (id: string, fields: string[]) =>
  call<Revealed>('POST', `/journal/clients/${id}/reveal`, { body: { fields } });

export const revealInBooking = (id: string, fields: string[]) =>
  call<Revealed>('POST', `/booking/clients/${id}/reveal`, { body: { fields } });

export interface Service extends Record_ {
  name: string;
  category?: string | null;
  duration?: number | null;
  price?: string | null;
  colour?: string | null;
  active?: boolean | null;
}

/** All services, by name; those that are no longer offered as well. */
export const services = queryOptions({
  queryKey: ['records', 'services', 'all'],
  queryFn: async ({ signal }) => {
    const all: Service[] = [];
    let cursor: string | undefined;
    do {
      const page: Page = await call<Page>('GET', '/services', {
        query: { sort: 'name', limit: 200, cursor },
        signal,
      });
      all.push(...(page.items as Service[]));
      cursor = page.next ?? undefined;
    } while (cursor);
    return all;
  },
  staleTime: 60_000,
});

/** The appointments of a client, the newest first. */
export const visitsOf = (client: string) =>
  queryOptions({
    queryKey: ['records', 'appointments', 'of', client],
    queryFn: ({ signal }) =>
      call<Page>('GET', '/appointments', {
        query: { filter: `contact = "${client}"`, sort: '-starts_at', limit: 50, count: 'capped' },
        signal,
      }),
    staleTime: 10_000,
  });

/** The first appointment of a series. */
export const firstOfSeries = async (series: string) =>
  (
    await call<Page>('GET', '/appointments', {
      query: { filter: `series = "${series}"`, sort: 'starts_at', limit: 1 },
    })
  ).items[0] as Visit | undefined;

export type Repeat = RepeatBody;
export type Made = Series_;

export const createSeries = (fields: Values, repeat: Repeat, skip: boolean, once: string) =>
  call<Made>('POST', '/journal/series', {
    body: { fields, repeat, skip_taken: skip },
    headers: { 'Idempotency-Key': once },
  });

const match = (version: number) => ({ 'If-Match': `"${version}"` });

/** Changes an appointment and those of its series that come after it. */
export const changeSeries = (id: string, version: number, fields: Values) =>
  call<Made>('PATCH', `/journal/series/${id}`, { body: { fields }, headers: match(version) });

export const removeSeries = (id: string, version: number) =>
  call<Made>('DELETE', `/journal/series/${id}`, { headers: match(version) });
