import type { ProviderId } from "../provider.ts";

/** When a model goes, or went, at its provider. Dates move: each line says where and when it was read. */
export interface Retirement {
  readonly provider: ProviderId;
  /** The id itself, or with a final `*` every id that continues it by a date or a revision (`-2024-08-06`, `-001`). */
  readonly model: string;
  /** First day without service, `YYYY-MM-DD`, UTC. */
  readonly date: string;
  /** What the provider recommends; its word, not ours. */
  readonly replacement?: string;
  readonly source: string;
  /** Day or month in which the source was read. */
  readonly checkedOn: string;
}

export interface RetirementNotice extends Retirement {
  readonly retired: boolean;
  /** Whole days until the date; negative afterwards. */
  readonly daysLeft: number;
}

const OPENAI_PAGE = "https://platform.openai.com/docs/deprecations";
const ANTHROPIC_PAGE = "https://platform.claude.com/docs/en/about-claude/model-deprecations";
const GEMINI_PAGE = "https://ai.google.dev/gemini-api/docs/deprecations";
const CHECKED_ON = "2026-11";

function openai(model: string, date: string, replacement?: string): Retirement {
  return line("openai", model, date, OPENAI_PAGE, replacement);
}

function anthropic(model: string, date: string, replacement?: string): Retirement {
  return line("anthropic", model, date, ANTHROPIC_PAGE, replacement);
}

function google(model: string, date: string, replacement?: string): Retirement {
  return line("google", model, date, GEMINI_PAGE, replacement);
}

function line(
  provider: ProviderId,
  model: string,
  date: string,
  source: string,
  replacement?: string,
): Retirement {
  return { provider, model, date, source, checkedOn: CHECKED_ON, ...(replacement ? { replacement } : {}) };
}

/** Azure retires by model version and tells through its own API; it has no lines here. */
export const RETIREMENTS: readonly Retirement[] = [
  openai("gpt-4-32k*", "2025-06-06"),
  openai("gpt-3.5-turbo-16k-0613", "2024-09-13"),
  openai("gpt-3.5-turbo*", "2026-10-23"),
  openai("gpt-3.5-turbo-16k", "2026-10-23"),
  openai("gpt-4-turbo*", "2026-10-23"),
  openai("gpt-4*", "2026-10-23"),
  openai("gpt-5*", "2026-12-11", "gpt-6.1-sol"),
  openai("o3*", "2026-12-11"),
  openai("gpt-4o*", "2027-01-14"),
  openai("gpt-4o-mini*", "2027-01-14"),
  openai("gpt-4.1*", "2027-01-14"),
  openai("gpt-4.1-mini*", "2027-01-14"),
  openai("gpt-4.1-nano*", "2027-01-14"),
  openai("gpt-5.1*", "2027-04-01"),
  anthropic("claude-2.1", "2025-07-21"),
  anthropic("claude-3-sonnet*", "2025-07-21"),
  anthropic("claude-3-opus*", "2026-01-05"),
  anthropic("claude-3-7-sonnet*", "2026-02-19"),
  anthropic("claude-3-5-haiku*", "2026-02-19"),
  anthropic("claude-3-haiku*", "2026-04-20"),
  anthropic("claude-opus-4-1*", "2026-08-05"),
  google("gemini-pro", "2025-02-15"),
  google("gemini-1.0-pro*", "2025-02-15"),
  google("gemini-2.5-pro", "2026-12-01"),
  google("gemini-2.5-flash", "2026-12-01"),
];

/**
 * What is known of a model's end, or `undefined`. Only for the provider's own service: what `provider` names is not
 * asked at resellers.
 */
export function retirementOf(
  provider: ProviderId,
  model: string,
  atMs: number,
): RetirementNotice | undefined {
  const found = RETIREMENTS.find((entry) => entry.provider === provider && names(entry.model, model));
  if (!found) return undefined;
  const daysLeft = Math.ceil((Date.parse(found.date) - atMs) / 86_400_000);
  return { ...found, daysLeft, retired: atMs >= Date.parse(found.date) };
}

function names(pattern: string, model: string): boolean {
  if (!pattern.endsWith("*")) return pattern === model;
  const base = pattern.slice(0, -1);
  return model.startsWith(base) && REVISION.test(model.slice(base.length));
}

/** A date, a short date, a revision or `-latest`; never another model (`gpt-4` is not `gpt-4o`, nor `gpt-4-32k`). */
const REVISION = /^(?:-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest|preview))?$/;
