/** Where a row was taken from, and when it was looked at. */
export interface Source {
  readonly text: string;
  readonly date: string;
  /** It is not written there: it is inferred or was measured, and the promise rests on it. */
  readonly assumption?: true;
}
