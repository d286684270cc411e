import { type Json, type JsonObject, parseJson } from "../kernel/index.ts";

/**
 * What can be saved of a JSON answer that is too large to keep, or was cut: its usage, found by name from the end,
 * and the short texts that say what it is, found by name from the beginning (they stand before the content, or after
 * it). The result has the shape of a small whole answer. A member of that name deep inside the content could be
 * mistaken for the answer's own; the last one is taken, and content comes before it.
 */
export function salvage(head: Buffer, tail: Buffer): JsonObject | undefined {
  for (const name of ["usage", "usageMetadata"]) {
    const usage = lastObject(tail, name) ?? lastObject(head, name);
    if (usage === undefined) continue;
    const texts = TEXT_MEMBERS.flatMap((member): [string, Json][] => {
      const value = firstText(head, member) ?? firstText(tail, member);
      return value === undefined ? [] : [[member, value]];
    });
    return { ...Object.fromEntries(texts), [name]: usage };
  }
  return undefined;
}

const TEXT_MEMBERS = ["type", "object", "model", "modelVersion", "service_tier", "status"];

/** No usage object is longer. */
const LONGEST_USAGE = 16 * 1024;

function lastObject(bytes: Buffer, name: string): Json | undefined {
  const quoted = `"${name}"`;
  for (let at = bytes.lastIndexOf(quoted); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(quoted, at - 1)) {
    const text = bytes.toString("utf8", at + quoted.length, at + quoted.length + LONGEST_USAGE);
    const start = /^\s*:\s*\{/.exec(text)?.[0].length;
    const value = start === undefined ? undefined : objectAtStart(text.slice(start - 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

function objectAtStart(text: string): Json | undefined {
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (match[0] === "{") depth += 1;
    if (match[0] === "}") depth -= 1;
    if (depth === 0) return parseJson(text.slice(0, match.index + 1));
  }
  return undefined;
}

function firstText(bytes: Buffer, name: string): string | undefined {
  const quoted = `"${name}"`;
  const at = bytes.indexOf(quoted);
  if (at < 0) return undefined;
  const text = bytes.toString("utf8", at + quoted.length, at + quoted.length + 200);
  const value = parseJson(/^\s*:\s*("[^"\\]*")/.exec(text)?.[1] ?? "");
  return typeof value === "string" ? value : undefined;
}
