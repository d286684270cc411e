/** `config.jsonc` of the home: one object of settings, with comments and trailing commas. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits, modify, type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { assertPrivateIfPresent, writeDurable } from "../files/index.ts";
import { AppError, isJsonObject, type JsonObject } from "../kernel/index.ts";
import type { SettingValue } from "./declaration.ts";
import { declarationOf, SETTINGS } from "./table.ts";
import { parseSetting } from "./value.ts";

export function settingsPath(home: string): string {
  return join(home, "config.jsonc");
}

/**
 * What the file says, by name and unchecked; a file that is not there says nothing.
 * @throws AppError `invalid_input` with line and column when it is not JSONC, `insecure_permissions`.
 */
export function readSettingsFile(home: string): JsonObject {
  const path = settingsPath(home);
  if (!existsSync(path)) return {};
  assertPrivateIfPresent(path);
  return parsed(path, readFileSync(path, "utf8"));
}

/** The names in it that are no setting. */
export function unknownNames(file: JsonObject): string[] {
  return Object.keys(file).filter((name) => !SETTINGS.some((one) => one.name === name));
}

/**
 * Writes one setting, keeping comments and formatting; `undefined` takes it out, also one that is no setting.
 * @returns the value written.
 * @throws AppError `not_found`, `invalid_input`; the file is as before then.
 */
export function writeSettingsFile(
  home: string,
  name: string,
  text: string | undefined,
): SettingValue | undefined {
  const path = settingsPath(home);
  const file = readSettingsFile(home);
  const value = text === undefined ? undefined : valueOf(name, text);
  if (value === undefined && file[name] === undefined) {
    declarationOf(name);
    return undefined;
  }
  const before = existsSync(path) ? readFileSync(path, "utf8") : "{\n}\n";
  const edits = modify(before, [name], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } });
  writeDurable(path, applyEdits(before, edits));
  return value;
}

function valueOf(name: string, text: string): SettingValue {
  const declaration = declarationOf(name);
  if (!declaration.secret) return parseSetting(declaration, text, "the command line");
  throw new AppError("invalid_input", `"${name}" may hold a password and is not written to the file`, {
    hint: `set the variable ${declaration.variable ?? ""} instead`,
  });
}

function parsed(path: string, text: string): JsonObject {
  const errors: ParseError[] = [];
  // jsonc-parser names the members of an empty document nothing at all: an empty file is an empty object.
  const document: unknown = text.trim() === "" ? {} : parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) {
    throw new AppError(
      "invalid_input",
      `${path} is not valid JSONC: ${faultOf(first)} at ${position(text, first.offset)}`,
      { hint: "correct the file in an editor" },
    );
  }
  if (isJsonObject(document)) return document;
  throw new AppError("invalid_input", `${path} must hold one object`, {
    hint: "correct the file in an editor",
  });
}

/** `comma expected`, from the parser's `CommaExpected`. */
function faultOf({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/\B[A-Z]/g, " $&")
    .toLowerCase();
}

function position(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
