import { type Clock, UNKNOWN_USAGE } from "../kernel/index.ts";
import type { ReservedAttempt, SettledAttempt } from "./ledger.ts";

export const fixedClock: Clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 };

export function reservedAttempt(changes: Partial<ReservedAttempt> = {}): ReservedAttempt {
  return {
    requestId: "req_0001",
    attempt: 1,
    startedAtMs: 1_699_999_999_000,
    virtualKeyId: "vk_1",
    connectionId: "conn_1",
    providerKeyId: "key_1",
    tool: "codex",
    user: "ada",
    team: null,
    project: null,
    provider: "openai",
    dialect: "openai",
    route: "/v1/chat/completions",
    stream: true,
    modelRequested: "gpt-5",
    bytesIn: 1234,
    bodyHash: new Uint8Array(16).fill(7),
    reservedNanos: 5_000_000n,
    priceVersion: "genai-prices 0.1.8",
    grants: [],
    ...changes,
  };
}

export function settledAttempt(changes: Partial<SettledAttempt> = {}): SettledAttempt {
  return {
    endedAtMs: 1_700_000_000_000,
    end: "complete",
    status: 200,
    verdict: null,
    usage: { ...UNKNOWN_USAGE, inputUncached: 40, cacheRead: 60, output: 25, outputReasoning: 5 },
    modelAnswered: "gpt-5-2025-08-07",
    serviceTier: "default",
    geo: null,
    costNanos: 300_000n,
    estimated: false,
    bytesOut: 4321,
    firstByteMs: 120,
    durationMs: 1000,
    ...changes,
  };
}
