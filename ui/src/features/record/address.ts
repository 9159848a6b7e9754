/** What of a list stands in its address: whoever holds the link asks the same, under their own rights. */
export interface ListSearch {
  /** A condition as a line. */
  filter?: string;
  /** A field, with a minus for the other way round. */
  sort?: string;
  search?: string;
  /** Columns as in columns.ts: their order, what is pinned, how wide they are. */
  cols?: string;
  /** "list" or "board", for what passes through stages. */
  view?: string;
  /** The pipeline of the board. */
  pipeline?: string;
  /** Anything, to begin with a new record. */
  new?: string;
  /** The saved view that this began with. */
  saved?: string;
}

/** The words of an address that belong to the list, and not to a card beside it. */
export function ofList({ filter, sort, search, cols, view, pipeline, saved }: ListSearch): ListSearch {
  return Object.fromEntries(
    Object.entries({ filter, sort, search, cols, view, pipeline, saved }).filter(([, value]) => value),
  ) as ListSearch;
}
