import { formatTime, formatUsd } from "../kernel/index.ts";
import { GROUP_BYS, type GroupBy, type LedgerReader, type Totals } from "../ledger/index.ts";

/** What a report can be grouped by. Days and months are those of UTC. */
export const REPORT_GROUPS = GROUP_BYS;
export type ReportGroup = GroupBy;

/** Names that people gave to the ids in the ledger; an id without a name is given back as it is. */
export interface ReportNames {
  virtualKey(id: string): string;
  connection(id: string): string;
  providerKey(id: string): string;
}

export interface ReportOptions {
  readonly ledgers: LedgerReader;
  /** Names by id, or what finds them for the ids that are in the report. */
  readonly names: ReportNames | ((ids: readonly string[]) => Promise<ReportNames>);
  readonly by: ReportGroup;
  /** Start of the requests, inclusive; `null` = from the first one on. */
  readonly sinceMs: number | null;
  /** Exclusive; `null` = up to the last one. */
  readonly untilMs: number | null;
}

export interface ReportSums {
  /** First attempts: a request that was retried counts once. */
  requests: number;
  /** All input, cached included. */
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  /** Of what is priced; `null` when nothing is. */
  costUsd: string | null;
  /** Attempts without a known price, not in `costUsd`. */
  unpriced: number;
  /** Attempts settled at their reservation. */
  estimated: number;
}

export interface ReportItem extends ReportSums {
  /** Id, name or period; `null` for requests that have none. */
  key: string | null;
  /** The key's name for people; `null` with a `null` key. */
  label: string | null;
}

/** The document of `ownkey usage`. Items are by cost, the highest first; days and months by time. */
export interface UsageReport {
  from: string | null;
  to: string | null;
  by: ReportGroup;
  items: ReportItem[];
  total: ReportSums;
}

/** Beyond every time that a ledger holds. */
const END_OF_TIME_MS = Date.parse("9999-12-31T00:00:00Z");

/** Sums up settled attempts of all ledgers. What is still under way is not in it. */
export async function usageReport({
  ledgers,
  names,
  by,
  sinceMs,
  untilMs,
}: ReportOptions): Promise<UsageReport> {
  const groups = new Map<string | null, Totals>();
  const range = { sinceMs: sinceMs ?? 0, untilMs: untilMs ?? END_OF_TIME_MS };
  for await (const part of ledgers.totals({ by, ...range })) {
    groups.set(part.key, sumOf(groups.get(part.key), part));
  }
  const ids = [...groups.keys()].filter((key) => key !== null);
  const known = typeof names === "function" ? await names(by === "vk" ? ids : []) : names;
  const totals = [...groups.values()].sort(by === "day" || by === "month" ? byTime : byCost);
  return {
    from: sinceMs === null ? null : formatTime(sinceMs),
    to: untilMs === null ? null : formatTime(untilMs),
    by,
    items: totals.map((group) => ({
      key: group.key,
      label: group.key === null ? null : labelOf(by, group.key, known),
      ...sums(group),
    })),
    total: sums(totals.reduce<Totals | undefined>(sumOf, undefined) ?? NOTHING),
  };
}

const NOTHING: Totals = {
  key: null,
  requests: 0n,
  attempts: 0n,
  inputTokens: 0n,
  cachedInputTokens: 0n,
  outputTokens: 0n,
  costNanos: 0n,
  unpriced: 0n,
  estimated: 0n,
};

function sumOf(a: Totals = NOTHING, b: Totals): Totals {
  return {
    key: b.key,
    requests: a.requests + b.requests,
    attempts: a.attempts + b.attempts,
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costNanos: a.costNanos + b.costNanos,
    unpriced: a.unpriced + b.unpriced,
    estimated: a.estimated + b.estimated,
  };
}

function sums(totals: Totals): ReportSums {
  const nothingPriced = totals.attempts > 0n && totals.unpriced === totals.attempts;
  return {
    requests: Number(totals.requests),
    inputTokens: Number(totals.inputTokens),
    cachedInputTokens: Number(totals.cachedInputTokens),
    outputTokens: Number(totals.outputTokens),
    costUsd: nothingPriced ? null : formatUsd(totals.costNanos),
    unpriced: Number(totals.unpriced),
    estimated: Number(totals.estimated),
  };
}

function labelOf(by: ReportGroup, key: string, names: ReportNames): string {
  if (by === "vk") return names.virtualKey(key);
  if (by === "connection") return names.connection(key);
  return by === "key" ? names.providerKey(key) : key;
}

function byTime(a: Totals, b: Totals): number {
  return (a.key ?? "") < (b.key ?? "") ? -1 : 1;
}

function byCost(a: Totals, b: Totals): number {
  if (a.costNanos !== b.costNanos) return a.costNanos < b.costNanos ? 1 : -1;
  if (a.requests !== b.requests) return a.requests < b.requests ? 1 : -1;
  return byTime(a, b);
}
