/** What of the journal stands in its address. */
export interface JournalSearch {
  /** A day that is shown, such as 2026-11-27; without one it is today. */
  day?: string;
  /** "week", or else the day. */
  view?: string;
  /** Ids of people, with commas between them. */
  staff?: string;
  /** A client to be booked: the booking window is open for them. */
  client?: string;
  /** Anything, to begin with a new appointment. */
  new?: string;
}
