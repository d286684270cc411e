import type { ErrorFacts } from "./error-facts.ts";
import type { ConsoleLinks } from "./provider.ts";
import type { VerdictName } from "./verdict.ts";

/**
 * One line of a provider's table: it applies when every condition that it gives holds. Order is the order of
 * diagnosis: the first line that applies decides.
 */
export interface VerdictRule {
  readonly verdict: VerdictName;
  readonly status?: number | readonly number[];
  /** At least one of the error's words (code, type, status, reason) equals one of these. */
  readonly words?: readonly string[];
  /** Linear-time pattern on the provider's message. */
  readonly text?: RegExp;
  /** What no word or text tells. */
  readonly when?: (facts: ErrorFacts) => boolean;
  /** Instead of the verdict's own explanation. `{…}` groups of `text` are put in by name. */
  readonly explanation?: string;
  readonly link?: keyof ConsoleLinks;
}

export function applies(rule: VerdictRule, facts: ErrorFacts): boolean {
  return (
    hasStatus(rule.status, facts.status) &&
    (rule.words === undefined || rule.words.some((word) => facts.words.includes(word))) &&
    (rule.text === undefined || rule.text.test(facts.text)) &&
    (rule.when === undefined || rule.when(facts))
  );
}

function hasStatus(wanted: VerdictRule["status"], status: number): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === "number" ? wanted === status : wanted.includes(status);
}

/** Puts the named groups that the rule's text found into its explanation. */
export function explain(rule: VerdictRule, facts: ErrorFacts, fallback: string): string {
  const groups = rule.text?.exec(facts.text)?.groups ?? {};
  return (rule.explanation ?? fallback).replace(/\{(\w+)\}/g, (_, name: string) => groups[name] ?? "");
}

/** First line of every table: it was not the API that answered. */
export const FOREIGN_RULES: readonly VerdictRule[] = [
  {
    verdict: "region_blocked",
    when: ({ status, document, text }) => status === 403 && document === undefined && text !== "",
    explanation:
      "Not the API but a page refuses: a firewall, a proxy, or the provider's protection against this network.",
  },
];

/** Last lines of every table: what the status alone says. */
export const STATUS_RULES: readonly VerdictRule[] = [
  {
    verdict: "wrong_endpoint",
    when: ({ status }) => status >= 300 && status < 400,
    explanation: "The address answers with a redirect. Redirects are never followed: give the final address.",
  },
  {
    verdict: "wrong_endpoint",
    when: ({ status, document, text }) => status < 300 && document === undefined && text !== "",
    explanation: "Something answers at this address, but it is not the provider's API.",
  },
  { verdict: "quota_exhausted", status: 402, link: "billing" },
  { verdict: "overloaded", status: [408, 500, 502, 503, 504, 520, 522, 524, 529], link: "status" },
  { verdict: "rate_limited", status: [429], link: "limits" },
  { verdict: "bad_request", status: 413, explanation: "The request is larger than the provider takes." },
  { verdict: "invalid_key", status: 401, link: "keys" },
  { verdict: "bad_request", status: [400, 409, 422] },
  { verdict: "wrong_endpoint", status: [404, 405, 410] },
];
