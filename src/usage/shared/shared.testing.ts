import type { ReservedAttempt, SettledAttempt } from "../../ledger/index.ts";

/** Rows for tests of the shared ledger. */
export function reservedRow(changes: Partial<ReservedAttempt>): ReservedAttempt {
  return {
    requestId: "req",
    attempt: 1,
    startedAtMs: Date.parse("2026-11-20T12:00:00Z"),
    virtualKeyId: "vk_1",
    connectionId: "conn_1",
    providerKeyId: "key_1",
    tool: null,
    user: null,
    team: null,
    project: null,
    provider: "openai",
    dialect: "openai",
    route: "/v1/chat/completions",
    stream: false,
    modelRequested: "gpt-5",
    bytesIn: 1,
    bodyHash: null,
    reservedNanos: null,
    priceVersion: null,
    grants: [],
    ...changes,
  };
}

export function settledRow(changes: Partial<SettledAttempt>): SettledAttempt {
  return {
    endedAtMs: 0,
    end: "complete",
    status: 200,
    verdict: null,
    usage: null,
    modelAnswered: null,
    serviceTier: null,
    geo: null,
    costNanos: 0n,
    estimated: false,
    bytesOut: 1,
    firstByteMs: null,
    durationMs: 1,
    ...changes,
  };
}
