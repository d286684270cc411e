/**
 * Path patterns of {@link import("./provider.ts").RouteRule}: literal segments, `:x` for one segment, `:x*` for one
 * or more (at most once per pattern), and a verb behind the last parameter (`:model:countTokens`).
 * Matching takes time linear in the path: nothing is tried twice.
 */
type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" | "many"; readonly verb: string };

export interface PathPattern {
  readonly parts: readonly Part[];
  /** Index of the part that takes one or more segments, or -1. */
  readonly manyAt: number;
}

const PARAMETER = /^:[a-z_]+(\*?)((?::[A-Za-z]+)?)$/;

export function compilePattern(path: string): PathPattern {
  const parts = segmentsOf(path).map(compilePart);
  return { parts, manyAt: parts.findIndex((part) => part.kind === "many") };
}

function compilePart(segment: string): Part {
  const match = PARAMETER.exec(segment);
  if (!match) return { kind: "literal", text: segment };
  const [, star, verb = ""] = match;
  return { kind: star === "*" ? "many" : "one", verb };
}

export function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

/** Whether the pattern takes all of the segments. */
export function matchesPattern({ parts, manyAt }: PathPattern, segments: readonly string[]): boolean {
  const spare = segments.length - parts.length;
  if (manyAt < 0 ? spare !== 0 : spare < 0) return false;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const width = index === manyAt ? spare + 1 : 1;
    const text = width === 1 ? (segments[at] ?? "") : segments.slice(at, at + width).join("/");
    if (!takes(part, text)) return false;
    at += width;
  }
  return true;
}

function takes(part: Part, text: string): boolean {
  if (part.kind === "literal") return part.text === text;
  return text.length > part.verb.length && text.endsWith(part.verb);
}
