/** What of a list stands in its address: a saved view is a link. */
export interface ListSearch {
  /** A condition as a line. */
  filter?: string;
  /** A field, with a minus for the other way round. */
  sort?: string;
  search?: string;
  /** Names of fields, separated by commas. */
  cols?: string;
  /** "list" or "board", for what passes through stages. */
  view?: string;
  /** The pipeline of the board. */
  pipeline?: string;
  /** Anything, to begin with a new record. */
  new?: string;
}
