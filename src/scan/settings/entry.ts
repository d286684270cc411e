/** A value within more groups than this is no setting: it is passed over. */
export const DEEPEST = 40;

/** One value of a settings file, with where it stands. Other than texts nothing is of interest here. */
export interface Entry {
  /** Names from the outermost on: `["env", "ANTHROPIC_BASE_URL"]`; positions in a list as `0`, `1`, … */
  readonly path: readonly string[];
  readonly value: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** The last name: what a variable or a setting is called. */
export function nameOf({ path }: Entry): string {
  return path.at(-1) ?? "";
}

/** As VS Code writes it: `cursor.openai.apiKey`, flat or nested alike. */
export function dottedName({ path }: Entry): string {
  return path.join(".");
}
