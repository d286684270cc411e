/** What JSON can hold, as immutable data. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Parses; anything that is not JSON gives `undefined` (JSON's own `null` is `null`). */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member as an object, else `undefined`: for walking documents of others. */
export function objectAt(value: unknown, name: string): JsonObject | undefined {
  const member = isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(member) ? member : undefined;
}

export function stringAt(value: unknown, name: string): string | undefined {
  const member = isJsonObject(value) ? value[name] : undefined;
  return typeof member === "string" ? member : undefined;
}

export function numberAt(value: unknown, name: string): number | undefined {
  const member = isJsonObject(value) ? value[name] : undefined;
  return typeof member === "number" ? member : undefined;
}

/**
 * One text for one value, whatever the order of its members (RFC 8785 in spirit: sorted by UTF-16 unit, no space).
 * Only for values that Ownkey itself made: numbers are printed as JavaScript prints them.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isJsonObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}
