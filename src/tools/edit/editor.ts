import type { Json } from "../../kernel/index.ts";

/**
 * Where a value stands within a file: names, and places in lists. In dotenv and shell files it is the variable's name
 * alone. One past the last place of a list means a new last one.
 */
export type ValuePath = readonly (string | number)[];

/** A value to be set, with what is missing above it; or taken out, when there is none. */
export interface ValueEdit {
  readonly at: ValuePath;
  readonly value: Json | undefined;
  /**
   * The file is none of its tool's without it, such as a version of its format: when others have written the file since,
   * it stays although our other values are taken out.
   */
  readonly stays?: boolean;
}

/**
 * Changes single values of one format and leaves every other byte as it is: comments, order, quotes, white space, line
 * ends. Texts come without a BOM. {@link editText} is the way to use one: it checks what comes out.
 */
export interface Editor {
  /**
   * What the text says. An empty text is an empty document. Later ones of a doubled name win where the format allows
   * them at all.
   * @throws any error for a text that is not of this format.
   */
  parse(text: string): Json;
  /** @throws AppError `unsupported` for what cannot be changed without rewriting more than the value. */
  set(text: string, at: ValuePath, value: Json): string;
  /** Taking out what is not there changes nothing. */
  remove(text: string, at: ValuePath): string;
}
