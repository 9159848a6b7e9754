import { queryOptions } from '@tanstack/react-query';
import { call, file, Problem } from './http';
import type { Page, Record_ } from './records';
import { sendUp } from './upload';

/** What lies on a record, the newest first. */
export const filesOf = (about: string) =>
  queryOptions({
    queryKey: ['records', 'files', 'of', about],
    queryFn: async ({ signal }) =>
      (await call<Page>('GET', '/files', { query: { filter: `about = "${about}"` }, signal })).items,
    staleTime: 15_000,
  });

/** What lay on it and is in the bin, for whoever may take it out. */
export const binnedFilesOf = (about: string) =>
  queryOptions({
    queryKey: ['records', 'files', 'of', about, 'bin'],
    queryFn: async ({ signal }) =>
      (await call<Page>('GET', '/files', { query: { filter: `about = "${about}"`, bin: 1 }, signal })).items,
  });

/** How many bytes the server takes. */
const most = 25 * 2 ** 20;

/** Puts a file on a record; told tells how much of it has gone, from 0 to 1. */
export const putFile = (about: string, chosen: File, told: (part: number) => void, signal: AbortSignal) =>
  // The server would hang up in the middle, and the browser tells no page what it said.
  chosen.size > most
    ? Promise.reject(new Problem(413, { code: 'file.large' }))
    : sendUp<Record_>('/files/upload', {
        query: { about },
        raw: { bytes: chosen, type: 'application/octet-stream' },
        headers: { 'Castellan-File-Name': encodeURIComponent(chosen.name) },
        told,
        signal,
      });

/** Hands a file to the browser, to be kept under its name. */
export async function fetchFile(id: string, name: string) {
  const content = await file(`/files/${id}/content`);
  keep(content, name);
}

/** Lets the browser keep what was fetched. */
export function keep(content: Blob, name: string) {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The small picture of a file, asked for like everything else: also through other eyes. */
export const pictureOf = (id: string) =>
  queryOptions({
    queryKey: ['records', 'files', 'picture', id],
    queryFn: async ({ signal }) => {
      const drawn = await file(`/files/${id}/picture`, { signal });
      return new Promise<string>((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result));
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(drawn);
      });
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
