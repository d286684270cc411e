import { toHex, type Usage } from "../../kernel/index.ts";
import type { AttemptRow, LedgerReader } from "../../ledger/index.ts";
import type { ProviderId } from "../../providers/index.ts";
import type { CostInput, Pricing } from "../pricing.ts";
import type { AdviceGroup } from "./advice.ts";

/** What advice looks at: a request that was answered, with the usage that its provider told. */
export interface UsedRequest extends AdviceGroup {
  readonly requestId: string;
  readonly atMs: number;
  readonly provider: ProviderId;
  readonly usage: Usage;
  readonly serviceTier: string | null;
  readonly geo: string | null;
  /** Keyed hash of the body: equal for equal bodies. */
  readonly body: string | null;
}

/** Groups of requests, oldest first in each. */
export type Groups = readonly (readonly UsedRequest[])[];

/** What a request would have cost with other tokens, or at another model; `null` = no price. */
export type WhatIf = (request: UsedRequest, changes: { usage?: Usage; model?: string }) => bigint | null;

export function whatIf(
  pricing: Pick<Pricing, "cost">,
  presetOf: (connectionId: string) => string | null,
): WhatIf {
  return (request, { usage = request.usage, model = request.model }) => {
    const { provider, connectionId, atMs, serviceTier, geo } = request;
    const input: CostInput = {
      provider,
      preset: presetOf(connectionId),
      connectionId,
      model,
      atMs,
      usage,
      serviceTier,
      geo,
      batch: false,
    };
    return pricing.cost(input);
  };
}

const PAGE_ROWS = 2000;
/** More are not looked at: the newest of the time count. */
export const MOST_REQUESTS = 200_000;

/** The newest requests of the time, in groups. The event loop turns between pages. */
export async function usedRequests(
  ledgers: Pick<LedgerReader, "list">,
  { sinceMs, untilMs }: { readonly sinceMs: number; readonly untilMs: number },
): Promise<{ groups: Groups; requests: number; isWhole: boolean }> {
  const groups = new Map<string, UsedRequest[]>();
  let requests = 0;
  let before: string | undefined;
  for (;;) {
    // By ids, which sort by time: asking for the time as well would have every page sort all of it.
    const page = await ledgers.list({
      limit: PAGE_ROWS,
      ...(before === undefined ? {} : { beforeRequestId: before }),
    });
    const last = page.at(-1)?.requestId;
    const isFull = page.length === PAGE_ROWS;
    // A full page may cut a request's attempts: the last one comes once more, whole, with the next page.
    const whole = isFull ? page.filter(({ requestId }) => requestId !== last) : page;
    const inTime = whole.filter(({ startedAtMs }) => startedAtMs >= sinceMs && startedAtMs < untilMs);
    for (const row of inTime) {
      const used = usedOf(row);
      if (used === undefined) continue;
      const key = JSON.stringify([used.virtualKeyId, used.tool, used.connectionId, used.model]);
      const group = groups.get(key);
      if (group) group.push(used);
      else groups.set(key, [used]);
      requests += 1;
    }
    const next = whole.at(-1)?.requestId;
    const isPast = whole.every(({ startedAtMs }) => startedAtMs < sinceMs);
    if (!isFull || next === undefined || isPast)
      return { groups: oldestFirst(groups), requests, isWhole: true };
    if (requests >= MOST_REQUESTS) return { groups: oldestFirst(groups), requests, isWhole: false };
    before = next;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function oldestFirst(groups: ReadonlyMap<string, UsedRequest[]>): Groups {
  return [...groups.values()].map((group) => group.sort((a, b) => a.atMs - b.atMs));
}

function usedOf({ settled, ...row }: AttemptRow): UsedRequest | undefined {
  const model = settled?.modelAnswered ?? row.modelRequested;
  if (settled === null || settled.usage === null || settled.estimated || model === null) return undefined;
  return {
    requestId: row.requestId,
    atMs: row.startedAtMs,
    virtualKeyId: row.virtualKeyId,
    tool: row.tool,
    connectionId: row.connectionId,
    // Written from the registry of providers.
    provider: row.provider as ProviderId,
    model,
    usage: settled.usage,
    serviceTier: settled.serviceTier,
    geo: settled.geo,
    body: row.bodyHash === null ? null : toHex(row.bodyHash),
  };
}
