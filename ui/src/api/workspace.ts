import { queryOptions } from '@tanstack/react-query';
import type {
  Key as Key_,
  KeyBody,
  KeyPatch,
  Mail,
  Mailbox as Mailbox_,
  MailboxBody,
  Pipeline as Pipeline_,
  PipelineBody,
  Settings as Settings_,
  SettingsBody,
  StageBody,
} from './generated';
import { call } from './http';

export type Settings = Settings_;

export const settings = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => call<Settings>('GET', '/settings', { signal }),
});

export const changeSettings = (body: SettingsBody) => call<Settings>('PATCH', '/settings', { body });

/** How mails go out, what waits and what was not delivered. */
export const mail = queryOptions({
  queryKey: ['mail'],
  queryFn: ({ signal }) => call<Mail>('GET', '/settings/mail', { signal }),
  refetchInterval: 15_000,
});

export const testMail = () => call<void>('POST', '/settings/mail/test');

export type Mailbox = Mailbox_;

/** The mailbox that is read, and how that goes; its password is never told. */
export const mailbox = queryOptions({
  queryKey: ['mailbox'],
  queryFn: ({ signal }) => call<Mailbox>('GET', '/settings/mailbox', { signal }),
  refetchInterval: 30_000,
});

export const setMailbox = (body: MailboxBody) => call<Mailbox>('PUT', '/settings/mailbox', { body });
export const removeMailbox = () => call<void>('DELETE', '/settings/mailbox');
export const readMailbox = () => call<Mailbox>('POST', '/settings/mailbox/look');

export type Stage = StageBody;

export type Pipeline = Omit<Pipeline_, 'stages' | 'author'> & {
  stages: Stage[];
  author: Pipeline_['author'] | null;
};

export const pipelines = queryOptions({
  queryKey: ['pipelines'],
  queryFn: async ({ signal }) => (await call<{ items: Pipeline[] }>('GET', '/pipelines', { signal })).items,
  staleTime: 60_000,
});

export const addPipeline = (draft: PipelineBody) => call<Pipeline>('POST', '/pipelines', { body: draft });
export const changePipeline = (id: string, draft: PipelineBody) =>
  call<Pipeline>('PATCH', `/pipelines/${id}`, { body: draft });

export const removePipeline = (id: string) => call<void>('DELETE', `/pipelines/${id}`);

export type Key = Key_;

export const keys = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await call<{ items: Key[] }>('GET', '/keys', { signal })).items,
});

/** The answer holds the token, this one time. */
export const addKey = (draft: KeyBody) => call<Key & { token: string }>('POST', '/keys', { body: draft });

export const changeKey = (id: string, patch: KeyPatch) => call<Key>('PATCH', `/keys/${id}`, { body: patch });

export const removeKey = (id: string) => call<void>('DELETE', `/keys/${id}`);
