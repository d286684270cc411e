import { AppError } from "../../kernel/index.ts";

/**
 * Google takes parameters of its platform in every query: another method, another content type, or which parts of an
 * answer to leave out, its usage included. What was judged here must be what happens there.
 * @throws AppError `bad_path`.
 */
export function checkQuery(query: string): void {
  if (query === "") return;
  for (const name of new URLSearchParams(query).keys()) {
    const plain = name.trim().toLowerCase();
    if (plain !== "fields" && (!plain.startsWith("$") || HARMLESS.has(plain))) continue;
    throw new AppError("bad_path", "the query has a parameter that changes what Google makes of a request", {
      hint: "leave out `fields` and the parameters that begin with a dollar sign",
    });
  }
}

/** How an answer is written. */
const HARMLESS: ReadonlySet<string> = new Set(["$alt", "$prettyprint", "$.xgafv"]);
