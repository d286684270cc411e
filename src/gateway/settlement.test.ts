// What an attempt costs: by figures, else by its full reservation; free only when it cannot have been charged.
import { expect, test } from "bun:test";
import { UNKNOWN_USAGE } from "../kernel/index.ts";
import type { MeterResult } from "../usage/index.ts";
import { type Outcome, settlementOf } from "./settlement.ts";

const METERED: MeterResult = {
  usage: { ...UNKNOWN_USAGE, inputUncached: 1, output: 1 },
  final: true,
  modelAnswered: "m",
  serviceTier: null,
  geo: null,
  errorSeen: false,
};
const BASE: Outcome = {
  end: "complete",
  status: 200,
  left: true,
  kind: "chat",
  choices: 1,
  free: false,
  isHard: false,
  reservedNanos: 100n,
  meter: METERED,
  price: () => 7n,
};
const FULL = { costNanos: 100n, estimated: true };
const NOTHING = { costNanos: 0n, estimated: false };

test.each([
  ["final figures are priced", {}, { costNanos: 7n, estimated: false }],
  [
    "a caller that left after the final figures pays those",
    { end: "client_gone" },
    { costNanos: 7n, estimated: false },
  ],
  ["figures that are not final count in full", { meter: { ...METERED, final: false } }, FULL],
  [
    "figures that contradict each other count in full",
    { meter: { ...METERED, usage: { ...UNKNOWN_USAGE, inputUncached: 0, cacheRead: 9, clamped: true } } },
    FULL,
  ],
  [
    "figures without any input count in full",
    { meter: { ...METERED, usage: { ...UNKNOWN_USAGE, output: 1 } } },
    FULL,
  ],
  [
    "figures without any output count in full",
    { meter: { ...METERED, usage: { ...UNKNOWN_USAGE, inputUncached: 1 } } },
    FULL,
  ],
  [
    "an embedding has no output",
    { kind: "embeddings", meter: { ...METERED, usage: { ...UNKNOWN_USAGE, inputUncached: 1 } } },
    { costNanos: 7n, estimated: false },
  ],
  [
    "Gemini leaves out zeros",
    { kind: "generate", meter: { ...METERED, usage: { ...UNKNOWN_USAGE, inputUncached: 1 } } },
    { costNanos: 7n, estimated: false },
  ],
  ["of several answers the last figures count", { choices: 2 }, { costNanos: 7n, estimated: false }],
  [
    "a caller that left at the end of the first of several answers pays in full",
    { choices: 2, end: "client_gone" },
    FULL,
  ],
  ["no figures count in full", { meter: { ...METERED, usage: null } }, FULL],
  ["a cut counts in full", { end: "upstream_cut", meter: null }, FULL],
  ["a cut before any status counts in full", { end: "upstream_cut", status: null, meter: null }, FULL],
  ["a time limit counts in full", { end: "time_limit", status: null, meter: null }, FULL],
  ["a caller that left counts in full", { end: "client_gone", status: null, meter: null }, FULL],
  [
    "a caller that left before anything was sent pays nothing",
    { end: "client_gone", status: null, left: false, meter: null },
    NOTHING,
  ],
  ["an error status is never charged", { end: "refused", status: 429, meter: null }, NOTHING],
  [
    "an error answer that broke off is never charged",
    { end: "upstream_cut", status: 500, meter: null },
    NOTHING,
  ],
  ["what was never sent is never charged", { end: "unreachable", status: null, meter: null }, NOTHING],
  ["a free route costs nothing", { free: true, meter: null }, NOTHING],
  ["an unpriced model stays unpriced", { price: () => null }, { costNanos: null, estimated: false }],
  ["what a hard budget pays for has a cost", { price: () => null, isHard: true }, FULL],
  [
    "what a hard budget lets through unpriced stays so",
    { price: () => null, isHard: true, reservedNanos: null },
    { costNanos: null, estimated: false },
  ],
  [
    "an unpriced reservation stays unpriced",
    { reservedNanos: null, meter: null },
    { costNanos: null, estimated: true },
  ],
] as [string, Partial<Outcome>, object][])("%s", (_, change, expected) => {
  expect(settlementOf({ ...BASE, ...change })).toEqual(expected as ReturnType<typeof settlementOf>);
});
