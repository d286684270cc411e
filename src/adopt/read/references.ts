import { AppError } from "../../kernel/index.ts";
import type { Variables } from "./read-key.ts";

const REFERENCE = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * The text with `${NAME}` and `${env:NAME}` replaced by what these variables hold.
 * @throws AppError `not_found` naming the variable that is not set, and the setting that wants it.
 */
export function resolveReferences(text: string, label: string, variables: Variables): string {
  return text.replace(REFERENCE, (_whole, name: string) => {
    const value = variables[name];
    if (value !== undefined && value !== "") return value;
    throw new AppError("not_found", `${label} refers to the variable ${name}, which is not set`, {
      hint: `export ${name}, or write its value into the file while you import it`,
    });
  });
}
