import type { QueryClient } from '@tanstack/react-query';
import { type Field, type Kind, kinds } from '../../api/kinds';
import { board, list, type Question } from '../../api/records';
import { type Pipeline, pipelines } from '../../api/workspace';
import type { ListSearch } from './address';
import { type Column, chosenColumns, nextStepColumn } from './columns';

// What a list and a board ask for, so that it can be asked as the list is
// opened and again, word for word, by the page that shows it.

const lastView = 'castellan.stages.view';

/** Whether what passes through stages was last looked at here as a list or as a board. */
export const keptView = () => localStorage.getItem(lastView) ?? 'board';

export const keepView = (view: string) => localStorage.setItem(lastView, view);

/** Whether an address shows a board. */
export const isBoard = (kind: Kind, search: ListSearch): boolean =>
  !!kind.stage && (search.view ?? keptView()) === 'board';

/** What a list of some columns asks for. */
export const questionOf = (columns: Column[], search: ListSearch): Question => ({
  ...(search.filter ? { filter: search.filter } : {}),
  ...(search.sort ? { sort: search.sort } : {}),
  ...(search.search ? { search: search.search } : {}),
  fields: columns
    .map(({ field }) => field.name)
    .filter((name) => name !== nextStepColumn)
    .join(','),
});

/** The pipelines of a kind. */
export const linesOf = (kind: Kind, every: Pipeline[] | undefined): Pipeline[] =>
  (every ?? []).filter((each) => each.kind === kind.name);

/** The one that an address names, else the first. */
export const chosenLine = (lines: Pipeline[], pipeline: string | undefined): Pipeline | undefined =>
  lines.find((each) => each.id === pipeline) ?? lines[0];

/** What a board of a pipeline asks for. */
export const boardQuestion = (kind: Kind, search: ListSearch | Question, line: Pipeline | undefined) => ({
  ...(search.filter ? { filter: search.filter } : {}),
  ...(search.search ? { search: search.search } : {}),
  ...(line ? { pipeline: line.id } : {}),
  fields: shownFields(kind)
    .map((field) => field.name)
    .join(','),
});

/** What the card of a board shows, as far as the person may know of it. */
function shownFields(kind: Kind): Field[] {
  const names = [
    kind.title,
    kind.stage,
    kind.pipeline,
    'amount',
    'currency',
    'contact',
    'company',
    'expected_close',
    'due',
    kind.responsible,
    'updated_at',
  ];
  return names
    .map((name) => kind.fields.find((each) => each.name === name))
    .filter((field) => field !== undefined);
}

/** Asks for what a list or a board is about to show, where it is known what that is. */
export async function askForList(client: QueryClient, plural: string, search: ListSearch): Promise<void> {
  const kind = client.getQueryData(kinds.queryKey)?.find((each) => each.plural === plural);
  if (!kind || (kind.actions.view ?? 'denied') === 'denied') return;
  if (!isBoard(kind, search))
    return client.prefetchInfiniteQuery(list(plural, questionOf(chosenColumns(kind, search.cols), search)));
  const every = await client.ensureQueryData(pipelines).catch(() => undefined); // the page asks again, and says what it is
  const line = chosenLine(linesOf(kind, every), search.pipeline);
  if (line) await client.prefetchQuery(board(plural, boardQuestion(kind, search, line)));
}
