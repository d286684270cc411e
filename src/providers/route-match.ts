import { compilePattern, matchesPattern, type PathPattern, segmentsOf } from "./path-pattern.ts";
import type { Provider, RouteRule } from "./provider.ts";

export interface RouteMatcher {
  /** The first rule for method and canonical path; `denied` wins over every rule; `undefined` = `--paths` decides. */
  match(method: string, path: string): RouteRule | "denied" | undefined;
}

/** Compiles a provider's routes once; a match then looks only at the patterns that begin like the path. */
export function compileRoutes(provider: Pick<Provider, "routes" | "denied">): RouteMatcher {
  // Servers may fold case; a denial must hold for whatever they make of a path.
  const denied = new PatternIndex(provider.denied.map((path) => [path.toLowerCase(), path]));
  const byMethod = new Map(METHODS.map((method) => [method as string, rulesOf(provider, method)]));
  return {
    match: (method, path) =>
      denied.find(segmentsOf(path.toLowerCase())) === undefined
        ? byMethod.get(method)?.find(segmentsOf(path))
        : "denied",
  };
}

const METHODS = ["GET", "POST", "DELETE", "HEAD"] as const;

function rulesOf({ routes }: Pick<Provider, "routes">, method: RouteRule["method"]): PatternIndex<RouteRule> {
  return new PatternIndex(routes.filter((rule) => rule.method === method).map((rule) => [rule.path, rule]));
}

/** Patterns by their first one or two literal segments, each with what it stands for. */
class PatternIndex<T> {
  readonly #byStart = new Map<string, { pattern: PathPattern; value: T }[]>();

  constructor(entries: readonly (readonly [string, T])[]) {
    for (const [path, value] of entries) {
      const pattern = compilePattern(path);
      const start = literalStart(pattern);
      const bucket = this.#byStart.get(start) ?? [];
      bucket.push({ pattern, value });
      this.#byStart.set(start, bucket);
    }
  }

  find(segments: readonly string[]): T | undefined {
    const [first = "", second] = segments;
    return this.#findUnder(`${first}/${second ?? ""}`, segments) ?? this.#findUnder(first, segments);
  }

  #findUnder(start: string, segments: readonly string[]): T | undefined {
    return this.#byStart.get(start)?.find(({ pattern }) => matchesPattern(pattern, segments))?.value;
  }
}

/** `v1/models` for `/v1/models/:model`, `keys` for `/keys/:rest*` and `keys/` for `/keys` alone. */
function literalStart({ parts }: PathPattern): string {
  const [first, second] = parts;
  if (first?.kind !== "literal") throw new TypeError("a path pattern begins with a literal segment");
  if (second === undefined) return `${first.text}/`;
  return second.kind === "literal" ? `${first.text}/${second.text}` : first.text;
}

/**
 * The model or deployment that a path names (`/v1beta/models/m:generateContent`, `/openai/deployments/d/…`), a tuned
 * one as `tunedModels/m`, or `undefined` when the body names it.
 */
export function modelInPath(path: string): string | undefined {
  const segments = segmentsOf(path);
  const at = segments.findIndex((segment) => COLLECTIONS.has(segment));
  const collection = segments[at];
  const rest = at < 0 ? [] : segments.slice(at + 1);
  const name = collection === "deployments" ? rest[0] : rest.join("/");
  if (name === undefined || name === "") return undefined;
  const text = collection === "tunedModels" ? `${collection}/${name}` : name;
  const verb = /:[A-Za-z]+$/.exec(text)?.[0];
  return verb && VERBS.has(verb) ? text.slice(0, -verb.length) : text;
}

/** What stands in front of a model's name. */
const COLLECTIONS: ReadonlySet<string> = new Set(["models", "tunedModels", "deployments"]);

/** Verbs that Gemini appends to a model; other colons belong to the name (`ft:gpt-4o:me::x`). */
const VERBS: ReadonlySet<string> = new Set([
  ":generateContent",
  ":streamGenerateContent",
  ":countTokens",
  ":embedContent",
  ":batchEmbedContents",
  ":predict",
  ":predictLongRunning",
  ":batchGenerateContent",
  ":asyncBatchEmbedContent",
]);
