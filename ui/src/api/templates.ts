import { queryOptions } from '@tanstack/react-query';
import type { Template as Template_, TemplateBody } from './generated';
import { call } from './http';

export type Template = Template_;

/** The stored letters that one may use. */
export const templates = queryOptions({
  queryKey: ['letter-templates'],
  queryFn: async ({ signal }) =>
    (await call<{ items: Template[] }>('GET', '/letter-templates', { signal })).items,
  staleTime: 60_000,
});

export const saveTemplate = (id: string | undefined, body: TemplateBody) =>
  id
    ? call<Template>('PUT', `/letter-templates/${id}`, { body })
    : call<Template>('POST', '/letter-templates', { body });

export const dropTemplate = (id: string) => call<void>('DELETE', `/letter-templates/${id}`);
