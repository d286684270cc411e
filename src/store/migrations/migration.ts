/** One forward step of the schema. Steps are never edited once released; a new one is added. */
export interface Migration {
  /** Position, from 1, without gaps. */
  readonly version: number;
  readonly name: string;
  /** Statements in the common SQL of store.ts. */
  readonly statements: readonly string[];
}
