import { queryOptions } from '@tanstack/react-query';
import type { Export as Export_, ExportBody, ExportLook as ExportLook_, ExportSelection } from './generated';
import { call, file } from './http';

export type Export = Export_;
export type ExportLook = ExportLook_;
export type Selection = ExportSelection;

/** Exports, newest first: one's own, or all for those who may read the archive. */
export const exports_ = queryOptions({
  queryKey: ['exports'],
  queryFn: async ({ signal }) => (await call<{ items: Export[] }>('GET', '/exports', { signal })).items,
});

/** What a file would hold, before anybody asks for it. */
export const exportLook = (which: Selection) =>
  queryOptions({
    queryKey: ['exports', 'look', which],
    queryFn: ({ signal }) => call<ExportLook>('POST', '/exports/look', { body: which, signal }),
    staleTime: 0,
    retry: false,
  });

export const askExport = (ask: ExportBody) => call<Export>('POST', '/exports', { body: ask });

export const oneExport = (id: string) =>
  queryOptions({
    queryKey: ['exports', id],
    queryFn: ({ signal }) => call<Export>('GET', `/exports/${id}`, { signal }),
  });

export const stopExport = (id: string) => call<void>('DELETE', `/exports/${id}`);
export const exportFile = (id: string) => file(`/exports/${id}/file`);

const ongoing = new Set<Export['state']>(['asked', 'making']);

/** Whether an export will still change by itself. */
export const isOngoing = (one: Export) => ongoing.has(one.state);
