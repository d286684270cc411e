import type { JsonObject } from "../kernel/index.ts";
import { stringAt } from "../kernel/index.ts";
import { objectsAt } from "./counts.ts";
import { parseDuration } from "./durations.ts";
import { readErrorFacts } from "./error-facts.ts";
import type { ConsoleLinks, ProviderAnswer } from "./provider.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { Verdict, VerdictName } from "./verdict.ts";
import { applies, explain, FOREIGN_RULES, STATUS_RULES, type VerdictRule } from "./verdict-rules.ts";

/** What a verdict means and what to do, unless a provider's rule says it better. */
export const EXPLANATIONS: Readonly<Record<VerdictName, string>> = {
  ok: "The key works.",
  unreachable: "The provider could not be reached; this says nothing about the key.",
  region_blocked: "The provider refuses this network or country. The key is not the trouble; the way out is.",
  quota_exhausted: "Credit or spend limit is used up. Waiting does not help: top up or raise the limit.",
  daily_quota: "The quota of this day is used up. It comes back at the provider's reset.",
  overloaded: "The provider has trouble of its own. Try again in a moment.",
  rate_limited: "Too many requests or tokens in a short time. The key works: wait and go on.",
  leaked: "The provider blocked this key because it was found in public. Replace it now.",
  key_kind_disabled: "This kind of credential is not accepted here.",
  scope_missing: "The key is valid but may not do this. Grant the missing permission or use another key.",
  model_not_available: "The model does not exist, is retired, or is not open to this key.",
  wrong_endpoint: "Key and address do not belong together: check organisation, base URL and version.",
  invalid_key: "The provider does not know this key: mistyped, deleted or expired.",
  bad_request: "The provider refused the request itself; the key is not the trouble.",
  content_filtered: "The provider's content filter refused the request; the key is not the trouble.",
  unknown: "The answer fits no known case.",
};

const RETRYABLE: ReadonlySet<VerdictName> = new Set(["overloaded", "rate_limited", "unreachable"]);

export interface VerdictTable {
  readonly rules: readonly VerdictRule[];
  /** For errors inside 200 answers: the status that a type or code stands for. */
  readonly statusOfWord: Readonly<Record<string, number>>;
  readonly links: ConsoleLinks;
}

/** Reads an answer by an ordered table; never throws, whatever the body holds. */
export function decide(table: VerdictTable, answer: ProviderAnswer): Verdict {
  const facts = readErrorFacts(answer, table.statusOfWord);
  const rule = [...FOREIGN_RULES, ...table.rules, ...STATUS_RULES].find((candidate) =>
    applies(candidate, facts),
  );
  const wait = delayInBody(facts.error) ?? retryAfterMs(answer.headers);
  const name = rule?.verdict ?? (facts.status < 300 && facts.document && !facts.found ? "ok" : "unknown");
  const link = rule?.link && table.links[rule.link];
  return {
    name,
    explanation: rule ? explain(rule, facts, EXPLANATIONS[name]) : EXPLANATIONS[name],
    retryable: RETRYABLE.has(name),
    ...(facts.text === "" || name === "ok" ? {} : { providerText: facts.text }),
    ...(wait === undefined || name === "ok" ? {} : { retryAfterMs: wait }),
    ...(link ? { link } : {}),
  };
}

/** Google's `RetryInfo.retryDelay` (`33s`); it sends no header. */
function delayInBody(error: JsonObject): number | undefined {
  const delays = objectsAt(error, "details").map((detail) => stringAt(detail, "retryDelay"));
  const delay = delays.find((text) => text !== undefined);
  return delay === undefined ? undefined : parseDuration(delay);
}
