import { AppError } from "../../kernel/index.ts";
import { readEntries } from "../../scan/index.ts";
import { readCursorSettings } from "./cursor-format.ts";
import type { ReadKeys, Variables } from "./read-key.ts";
import { resolveReferences } from "./references.ts";
import { readVariableKeys } from "./variable-keys.ts";

/** What `ownkey import` and `ownkey export` take, the usual one first. */
export const KEY_FORMATS = ["cursor", "env", "dotenv"] as const;
export type KeyFormatName = (typeof KEY_FORMATS)[number];

/**
 * The keys of a text in one of the formats; `env` has no text and reads the variables of the session.
 * @throws AppError `invalid_input` when there is no key in it; `not_found` for a reference to a variable that is not set.
 */
export function readFormat(format: KeyFormatName, text: string, variables: Variables): ReadKeys {
  const read = readers[format](text, variables);
  if (read.keys.length > 0) return read;
  throw new AppError("invalid_input", `there is no provider key in a form that "${format}" has`, {
    hint: read.notes[0] ?? HINTS[format],
  });
}

const readers: Readonly<Record<KeyFormatName, (text: string, variables: Variables) => ReadKeys>> = {
  cursor: readCursorSettings,
  env: (_text, variables) => readVariableKeys(variables),
  dotenv: readDotenv,
};

const HINTS: Readonly<Record<KeyFormatName, string>> = {
  cursor: "it reads cursor.openai.apiKey and the like; to look through any file: ownkey scan FILE",
  env: "it reads OPENAI_API_KEY, ANTHROPIC_API_KEY and the like; see: ownkey keys add --help",
  dotenv: "it reads lines such as OPENAI_API_KEY=…; to look through any file: ownkey scan FILE",
};

/** Values may refer to variables of the file itself, those before others, and of the session. */
function readDotenv(text: string, session: Variables): ReadKeys {
  const variables: Record<string, string | undefined> = {};
  for (const { path, value } of readEntries(text, "dotenv")) {
    const name = path[0] ?? "";
    variables[name] = value;
  }
  const read = readVariableKeys(variables);
  if (!Object.values(variables).some((value) => value?.includes("${"))) return read;
  // Only what belongs to a key has to be resolved: other lines may refer to whatever they like.
  const needed = new Set(read.keys.map(({ label }) => label));
  const resolved = Object.fromEntries(
    Object.entries(variables).map(([name, value = ""]) => [
      name,
      needed.has(name) ? resolveReferences(value, name, { ...session, ...variables }) : value,
    ]),
  );
  return readVariableKeys(resolved);
}
