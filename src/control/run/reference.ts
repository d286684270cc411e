/**
 * References to keys, as they stand in environments, `.env` files and templates instead of a key:
 *
 *     ownkey://CONNECTION/KEY            a credential for that connection
 *     ownkey://CONNECTION/KEY?base-url   the address that goes with it
 */
import { AppError } from "../../kernel/index.ts";

export interface Reference {
  readonly connection: string;
  readonly key: string;
  readonly wants: "credential" | "base-url";
}

/** Names as `keys add` takes them; the last character of a bare reference is never punctuation of the text around it. */
const NAME = "[A-Za-z0-9](?:[A-Za-z0-9._:@-]{0,62}[A-Za-z0-9_])?";
const BODY = `ownkey://(?:${NAME})/(?:${NAME})(?:\\?base-url)?`;
const WHOLE = new RegExp(`^ownkey://(${NAME})/(${NAME})(\\?base-url)?$`);

/** Anywhere in a text, bare or within `{{ }}`. */
const REFERENCES_IN_TEXT = new RegExp(`\\{\\{[ \\t]*(${BODY})[ \\t]*\\}\\}|${BODY}`, "g");

/** @throws AppError `invalid_input` for what begins like a reference and is none. */
export function parseReference(text: string): Reference {
  const [, connection, key, attribute] = WHOLE.exec(text) ?? [];
  if (connection !== undefined && key !== undefined) {
    return { connection, key, wants: attribute === undefined ? "credential" : "base-url" };
  }
  throw new AppError(
    "invalid_input",
    `a reference of ${text.length} characters is not in the form it should have`,
    {
      hint: "write ownkey://CONNECTION/KEY, as ownkey keys list shows it, or ownkey://CONNECTION/KEY?base-url",
    },
  );
}

/** Every different reference of a text. */
export function referencesInText(text: string): readonly string[] {
  return [...new Set([...text.matchAll(REFERENCES_IN_TEXT)].map((match) => match[1] ?? match[0]))];
}

/**
 * The text with its references replaced; all else stays as it is, whatever the values hold.
 * @throws AppError `invalid_input` when a value is missing: a half-filled template is worse than none.
 */
export function fillReferences(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(REFERENCES_IN_TEXT, (whole: string, braced: string | undefined) => {
    const value = values.get(braced ?? whole);
    if (value !== undefined) return value;
    throw new AppError("invalid_input", "a reference of the template has no value");
  });
}
