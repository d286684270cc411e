/** Assignments in shell files, `.env` files and what systemd reads: `export OPENAI_API_KEY=…`. */
import { dirname, join } from "node:path";
import { sdkVariables } from "../../providers/index.ts";
import {
  connectionUrl,
  lentKey,
  type KeyFile,
  type LeftAlone,
  type Lent,
  type Occurrence,
  referenceTo,
  type Replaced,
  type Rewriter,
} from "./key-file.ts";
import type { TextEdit } from "./text-edit.ts";

/**
 * A variable that an SDK reads gets a virtual key, and the variable of its address beside it. Any other one gets a
 * reference, which `ownkey run` resolves.
 */
export const rewriteVariable: Rewriter = (file, occurrence, lent) => {
  if (file.format !== "dotenv" && file.format !== "shell") return undefined;
  const name = occurrence.entry?.path.at(-1);
  if (name === undefined) return isComment(file, occurrence) ? inComment(occurrence) : inCommand(occurrence);
  const { baseUrls, keys } = sdkVariables(occurrence.key.provider);
  const { start, end, key } = occurrence;
  const [first, ...others] = baseUrls;
  if (!first || !keys.includes(name)) {
    return {
      occurrence,
      way: "reference",
      edits: [{ start, end, text: referenceTo(key) }],
      note: `no program is known to find the gateway by a variable beside ${name}: start what uses it with ownkey run`,
    };
  }
  if (hasRival(file, occurrence, { keys, name, lent })) return twoKeys(occurrence);
  const baseUrl = connectionUrl(key, lent, first[1]);
  const address = { name, variable: first[0], value: baseUrl };
  const beside = isSetTwice(file, name)
    ? setInNextLine(file, occurrence, address)
    : [
        ...setBeside(file, occurrence, address),
        ...others.flatMap(([variable, path]) => setAgain(file, variable, connectionUrl(key, lent, path))),
      ];
  return { ...lentKey(occurrence, lent, { baseUrl, beside }), ...withSignIn(file, lent) };
};

/** The Gemini CLI takes an address alone for another way of signing in, which it refuses without a terminal. */
function withSignIn({ tool, path }: KeyFile, { readText }: Lent): Pick<Replaced, "others"> {
  if (tool !== "gemini-cli") return {};
  const settings = join(dirname(path), "settings.json");
  if (readText(settings)?.includes('"selectedType"')) return {};
  const edits = [{ at: ["security", "auth", "selectedType"], value: "gemini-api-key" }];
  return { others: [{ path: settings, format: "jsonc", edits }] };
}

/** `# OPENAI_API_KEY=…`: a key that was put aside. */
function isComment({ text }: KeyFile, { start }: Occurrence): boolean {
  return /^[ \t]*#/.test(text.slice(text.lastIndexOf("\n", start - 1) + 1, start));
}

/** Nothing reads it: a reference tells which key it was. */
function inComment(occurrence: Occurrence): Replaced {
  const { start, end, key } = occurrence;
  return { occurrence, way: "reference", edits: [{ start, end, text: referenceTo(key) }] };
}

function inCommand(occurrence: Occurrence): LeftAlone {
  return {
    occurrence,
    why: "it stands within a command, which nobody but you can change safely",
    hint: `write the command with ${referenceTo(occurrence.key)} and start it with ownkey run`,
  };
}

/** In two functions or branches for instance, of which each has its own key: then each gets its own address. */
function isSetTwice({ entries }: KeyFile, name: string): boolean {
  return entries.filter(({ path, value }) => path.at(-1) === name && value !== "").length > 1;
}

/** Another key of the provider, under another name, to which one address would belong as well. */
function hasRival(
  { entries }: KeyFile,
  { key }: Occurrence,
  { keys, name, lent }: { readonly keys: readonly string[]; readonly name: string; readonly lent: Lent },
): boolean {
  const known = new Set(["", key.value, lent.virtualKey]);
  return entries.some(({ path, value }) => {
    const other = path.at(-1) ?? "";
    return other !== name && keys.includes(other) && !known.has(value);
  });
}

function twoKeys(occurrence: Occurrence): LeftAlone {
  return {
    occurrence,
    why: "the file has two keys of one provider under two names, and there is one variable for their address",
    hint: "take out the one that is not used, then run ownkey adopt again",
  };
}

/** In the line below the key's, whatever other lines say. */
function setInNextLine(file: KeyFile, occurrence: Occurrence, address: Address): TextEdit[] {
  const { text, entries } = file;
  const below = entries.find(
    ({ path, line }) => path.at(-1) === address.variable && line === occurrence.line + 1,
  );
  if (!below) return [lineBelow(file, occurrence, address)];
  const start = text.indexOf(below.value, offsetOfLine(text, below.line));
  return [{ start, end: start + below.value.length, text: address.value }];
}

interface Address {
  readonly name: string;
  readonly variable: string;
  readonly value: string;
}

/** Changes the variable where the file sets it already, else sets it in a line below the key's, written the same way. */
function setBeside(file: KeyFile, occurrence: Occurrence, address: Address): TextEdit[] {
  const { variable, value } = address;
  const again = setAgain(file, variable, value);
  if (again.length > 0 || file.entries.some(({ path }) => path.at(-1) === variable)) return again;
  return [lineBelow(file, occurrence, address)];
}

function lineBelow(
  { text }: KeyFile,
  { start, end }: Occurrence,
  { name, variable, value }: Address,
): TextEdit {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const nextLine = text.indexOf("\n", end);
  const hasReturn = nextLine > 0 && text[nextLine - 1] === "\r";
  const lineEnd = nextLine < 0 ? text.length : hasReturn ? nextLine - 1 : nextLine;
  const before = text.slice(lineStart, start);
  // What follows may be a closing quote and `; export NAME`; a comment is about the key.
  const after = text.slice(end, lineEnd).replace(/(?<!\s)\s+#.*$/, "");
  const rename = (part: string) => part.replaceAll(new RegExp(`\\b${name}\\b`, "g"), variable);
  const lineBreak = hasReturn ? "\r\n" : "\n";
  return { start: lineEnd, end: lineEnd, text: `${lineBreak}${rename(before)}${value}${rename(after)}` };
}

/** Every assignment of it that has another value. */
function setAgain(file: KeyFile, variable: string, value: string): TextEdit[] {
  const { text, entries } = file;
  return entries
    .filter((entry) => entry.path.at(-1) === variable && entry.value !== value && entry.value !== "")
    .flatMap((entry) => {
      const lineStart = offsetOfLine(text, entry.line);
      const start = text.indexOf(entry.value, lineStart);
      const lineEnd = text.indexOf("\n", lineStart);
      if (start < 0 || (lineEnd >= 0 && start > lineEnd)) return [];
      return [{ start, end: start + entry.value.length, text: value }];
    });
}

export function offsetOfLine(text: string, line: number): number {
  let offset = 0;
  for (let at = 1; at < line; at++) offset = text.indexOf("\n", offset) + 1;
  return offset;
}

export function isReplaced(result: Replaced | LeftAlone): result is Replaced {
  return "way" in result;
}
