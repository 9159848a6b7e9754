import { queryOptions } from '@tanstack/react-query';
import type { Import as Import_, ImportSettings as ImportSettings_ } from './generated';
import { call, file } from './http';

export type Import = Import_;
export type ImportSettings = ImportSettings_;

export const imports = queryOptions({
  queryKey: ['imports'],
  queryFn: async ({ signal }) => (await call<{ items: Import[] }>('GET', '/imports', { signal })).items,
});

export const oneImport = (id: string) =>
  queryOptions({
    queryKey: ['imports', id],
    queryFn: ({ signal }) => call<Import>('GET', `/imports/${id}`, { signal }),
  });

export const upload = (chosen: File) =>
  call<Import>('POST', '/imports', {
    raw: { bytes: chosen, type: chosen.type || 'application/octet-stream' },
    headers: { 'Castellan-File-Name': encodeURIComponent(chosen.name) },
  });

export const changeImport = (id: string, settings: ImportSettings) =>
  call<Import>('PATCH', `/imports/${id}`, { body: settings });

export const startImport = (id: string) => call<Import>('POST', `/imports/${id}/start`);
export const undoImport = (id: string) => call<Import>('POST', `/imports/${id}/undo`);
export const refusedRows = (id: string) => file(`/imports/${id}/refused`);
