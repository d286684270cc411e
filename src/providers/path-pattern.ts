/**
 * Path patterns of {@link import("./provider.ts").RouteRule}: literal segments, `:x` for one segment, `:x*` for one
 * or more (at most once per pattern), and a verb behind the last parameter (`:model:countTokens`).
 * Matching takes time linear in the path: nothing is tried twice.
 */
type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" | "many"; readonly name: string; readonly verb: string };

export interface PathPattern {
  readonly parts: readonly Part[];
  /** Index of the part that takes one or more segments, or -1. */
  readonly manyAt: number;
}

const PARAMETER = /^:([a-z_]+)(\*?)((?::[A-Za-z]+)?)$/;

export function compilePattern(path: string): PathPattern {
  const parts = segmentsOf(path).map(compilePart);
  return { parts, manyAt: parts.findIndex((part) => part.kind === "many") };
}

function compilePart(segment: string): Part {
  const match = PARAMETER.exec(segment);
  if (!match) return { kind: "literal", text: segment };
  const [, name = "", star, verb = ""] = match;
  return { kind: star === "*" ? "many" : "one", name, verb };
}

export function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

/** The pattern's parameters by name when it matches the segments, else `undefined`. */
export function matchPattern(
  pattern: PathPattern,
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const spare = segments.length - pattern.parts.length;
  if (pattern.manyAt < 0 ? spare !== 0 : spare < 0) return undefined;
  const values: Record<string, string> = {};
  let at = 0;
  for (const part of pattern.parts) {
    const width = part.kind === "many" ? spare + 1 : 1;
    const text = width === 1 ? (segments[at] ?? "") : segments.slice(at, at + width).join("/");
    if (!takes(part, text)) return undefined;
    if (part.kind !== "literal") values[part.name] = text.slice(0, text.length - part.verb.length);
    at += width;
  }
  return values;
}

function takes(part: Part, text: string): boolean {
  if (part.kind === "literal") return part.text === text;
  return text.length > part.verb.length && text.endsWith(part.verb);
}
