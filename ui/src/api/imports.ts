import { queryOptions } from '@tanstack/react-query';
import { call, file } from './http';

export interface Column {
  index: number;
  heading: string;
  field: string | null;
  label?: string;
  samples: string[];
}

export interface PreviewRow {
  line: number;
  what: 'create' | 'update' | 'skip' | 'refused';
  title?: string;
  values?: Record<string, unknown>;
  reason?: string;
}

export interface Import {
  id: string;
  file?: string;
  state: 'draft' | 'waiting' | 'running' | 'done' | 'failed' | 'undone';
  created_at?: string;
  by?: { id: string; name: string };
  guess: {
    source?: string;
    encoding?: string;
    delimiter?: string;
    header_line?: number;
    columns: Column[];
  };
  preview?: { create: number; update: number; skip: number; refused: number; rows: PreviewRow[] };
  settings?: ImportSettings;
  done?: number;
  total?: number;
  created?: number;
  updated?: number;
  skipped?: number;
  refused?: number;
  reason?: string;
}

export interface ImportSettings {
  mapping?: Record<string, string | null>;
  encoding?: string;
  delimiter?: string;
  duplicates?: 'skip' | 'fill' | 'update';
  responsible?: string;
  group?: string;
  tags?: string[];
  region?: string;
}

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
