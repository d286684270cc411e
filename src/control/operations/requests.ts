import { z } from "zod";
import { AppError, formatTime, formatUsd } from "../../kernel/index.ts";
import type { AttemptRow } from "../../ledger/index.ts";
import { loadNames, type Names } from "../names.ts";
import { operation } from "../operation.ts";
import { costSchema, isRange, listOf, NO_RANGE, nullableTime, timeSchema } from "../schemas.ts";

const tokens = z.number().int().nullable();

const attemptSchema = z.object({
  attemptId: z.string(),
  requestId: z.string(),
  attempt: z.number().int(),
  state: z.enum(["reserved", "settled", "estimated"]),
  startedAt: timeSchema,
  endedAt: nullableTime,
  end: z.string().nullable(),
  status: z.number().int().nullable(),
  verdict: z.string().nullable(),
  virtualKey: z.string(),
  connection: z.string(),
  providerKey: z.string(),
  tool: z.string().nullable(),
  user: z.string().nullable(),
  team: z.string().nullable(),
  project: z.string().nullable(),
  provider: z.string(),
  dialect: z.string(),
  route: z.string(),
  stream: z.boolean(),
  modelRequested: z.string().nullable(),
  modelAnswered: z.string().nullable(),
  serviceTier: z.string().nullable(),
  inputTokens: tokens.describe("all input, cached included"),
  cachedInputTokens: tokens,
  cacheWrite5mTokens: tokens,
  cacheWrite1hTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
  audioInTokens: tokens,
  audioOutTokens: tokens,
  toolCalls: tokens,
  reservedUsd: costSchema,
  costUsd: costSchema,
  estimated: z.boolean(),
  usageDoubtful: z.boolean().describe("the provider's figures contradict each other, or are no counts"),
  priceVersion: z.string().nullable(),
  bytesIn: z.number().int(),
  bytesOut: z.number().int().nullable(),
  firstByteMs: z.number().nullable(),
  durationMs: z.number().nullable(),
});

export const list = operation({
  name: "requests.list",
  summary: "The newest attempts",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z
    .object({
      limit: z.number().int().min(1).max(1000).default(50),
      since: timeSchema.optional(),
      until: timeSchema.optional(),
      before: z.string().optional().describe("only requests made before this request id: the next page"),
    })
    .refine(isRange, NO_RANGE),
  output: listOf(attemptSchema),
  async run(control, _caller, { limit, since, until, before }) {
    const rows = await control.ledgers.list({
      limit,
      ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
      ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
      ...(before === undefined ? {} : { beforeRequestId: before }),
    });
    const names = await loadNames(control, virtualKeysOf(rows));
    return { items: rows.map((row) => attemptDocument(row, names)) };
  },
});

export const show = operation({
  name: "requests.show",
  summary: "Every attempt of one request",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object({ id: z.string().min(4).max(64).describe("request id, or its beginning") }),
  output: listOf(attemptSchema),
  async run(control, _caller, { id }) {
    const rows = await control.ledgers.list({ requestIdPrefix: id, limit: 100 });
    const ids = new Set(rows.map((row) => row.requestId));
    if (ids.size === 0)
      throw new AppError("not_found", `there is no request "${id}"`, { hint: "run: ownkey requests list" });
    if (ids.size > 1)
      throw new AppError("ambiguous_name", `several requests begin with "${id}"`, {
        hint: "give more of the id",
      });
    const names = await loadNames(control, virtualKeysOf(rows));
    return { items: rows.map((row) => attemptDocument(row, names)) };
  },
});

function virtualKeysOf(rows: readonly AttemptRow[]): string[] {
  return rows.map(({ virtualKeyId }) => virtualKeyId);
}

function attemptDocument(row: AttemptRow, names: Names): z.output<typeof attemptSchema> {
  const { settled } = row;
  const usage = settled?.usage ?? null;
  return {
    attemptId: `${row.requestId}.${row.attempt}`,
    requestId: row.requestId,
    attempt: row.attempt,
    state: settled === null ? "reserved" : settled.estimated ? "estimated" : "settled",
    startedAt: formatTime(row.startedAtMs),
    endedAt: settled === null ? null : formatTime(settled.endedAtMs),
    end: settled?.end ?? null,
    status: settled?.status ?? null,
    verdict: settled?.verdict ?? null,
    virtualKey: names.virtualKey(row.virtualKeyId),
    connection: names.connection(row.connectionId),
    providerKey: names.providerKey(row.providerKeyId),
    tool: row.tool,
    user: row.user,
    team: row.team,
    project: row.project,
    provider: row.provider,
    dialect: row.dialect,
    route: row.route,
    stream: row.stream,
    modelRequested: row.modelRequested,
    modelAnswered: settled?.modelAnswered ?? null,
    serviceTier: settled?.serviceTier ?? null,
    inputTokens: sum(usage?.inputUncached, usage?.cacheRead, usage?.cacheWrite5m, usage?.cacheWrite1h),
    cachedInputTokens: usage?.cacheRead ?? null,
    cacheWrite5mTokens: usage?.cacheWrite5m ?? null,
    cacheWrite1hTokens: usage?.cacheWrite1h ?? null,
    outputTokens: usage?.output ?? null,
    reasoningTokens: usage?.outputReasoning ?? null,
    audioInTokens: usage?.audioIn ?? null,
    audioOutTokens: usage?.audioOut ?? null,
    toolCalls: usage?.toolCalls ?? null,
    reservedUsd: usd(row.reservedNanos),
    costUsd: usd(settled?.costNanos ?? null),
    estimated: settled?.estimated ?? false,
    usageDoubtful: usage?.clamped ?? false,
    priceVersion: row.priceVersion,
    bytesIn: row.bytesIn,
    bytesOut: settled?.bytesOut ?? null,
    firstByteMs: settled?.firstByteMs ?? null,
    durationMs: settled?.durationMs ?? null,
  };
}

/** The sum of what is known; `null` when nothing is. */
function sum(...parts: readonly (number | null | undefined)[]): number | null {
  const known = parts.filter((part): part is number => typeof part === "number");
  return known.length === 0 ? null : known.reduce((total, part) => total + part, 0);
}

function usd(nanos: bigint | null): string | null {
  return nanos === null ? null : formatUsd(nanos);
}
