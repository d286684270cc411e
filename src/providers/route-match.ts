import { compilePattern, matchPattern, type PathPattern, segmentsOf } from "./path-pattern.ts";
import type { Provider, RouteRule } from "./provider.ts";

export interface RouteMatcher {
  /** The first rule for method and canonical path; `denied` wins over every rule; `undefined` = `--paths` decides. */
  match(method: string, path: string): RouteRule | "denied" | undefined;
}

interface Compiled {
  readonly rule: RouteRule;
  readonly pattern: PathPattern;
}

/** Compiles a provider's routes once. Matching looks at each rule of the method at most once. */
export function compileRoutes(provider: Pick<Provider, "routes" | "denied">): RouteMatcher {
  // Servers may fold case; a denial must hold for whatever they make of a path.
  const denied = provider.denied.map((path) => compilePattern(path.toLowerCase()));
  const byMethod = new Map<string, Compiled[]>();
  for (const rule of provider.routes) {
    const rules = byMethod.get(rule.method) ?? [];
    rules.push({ rule, pattern: compilePattern(rule.path) });
    byMethod.set(rule.method, rules);
  }
  return {
    match(method, path) {
      const folded = segmentsOf(path.toLowerCase());
      if (denied.some((pattern) => matchPattern(pattern, folded))) return "denied";
      const segments = segmentsOf(path);
      return byMethod.get(method)?.find(({ pattern }) => matchPattern(pattern, segments))?.rule;
    },
  };
}

/**
 * The model or deployment that a path names (`/v1beta/models/m:generateContent`, `/openai/deployments/d/…`), or
 * `undefined` when the body names it.
 */
export function modelInPath(path: string): string | undefined {
  const segments = segmentsOf(path);
  const at = segments.findIndex((segment) => segment === "models" || segment === "deployments");
  const rest = at < 0 ? [] : segments.slice(at + 1);
  const text = segments[at] === "deployments" ? rest[0] : rest.join("/");
  if (text === undefined || text === "") return undefined;
  const verb = /:[A-Za-z]+$/.exec(text)?.[0];
  return verb && VERBS.has(verb) ? text.slice(0, -verb.length) : text;
}

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
