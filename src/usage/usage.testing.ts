import { type Json, objectAt, stringAt } from "../kernel/index.ts";
import type { Provider } from "../providers/index.ts";
import { createMeter } from "./meter.ts";
import type { MeterOptions, MeterResult } from "./metering.ts";

/** A provider of which only the reading of usage matters: `{"usage":{"in":1,"out":2},"model":"m","end":true}`. */
export const plainProvider: Pick<Provider, "readUsage"> = {
  readUsage(_kind, piece: Json) {
    const usage = objectAt(piece, "usage");
    const model = stringAt(piece, "model");
    return {
      ...(usage ? { usage: { inputUncached: Number(usage["in"]), output: Number(usage["out"]) } } : {}),
      ...(model === undefined ? {} : { modelAnswered: model }),
      ...(usage ? { final: true } : {}),
    };
  },
};

export function meterOptions(changes: Partial<MeterOptions> = {}): MeterOptions {
  return {
    provider: plainProvider as Provider,
    kind: "chat",
    contentType: "text/event-stream",
    contentEncoding: null,
    ...changes,
  };
}

/** Feeds the chunks to a new meter. */
export async function metered(
  options: MeterOptions,
  chunks: readonly (string | Uint8Array)[],
): Promise<MeterResult> {
  const meter = createMeter(options);
  for (const chunk of chunks) meter.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return meter.finish();
}

/** Cuts at the given places (taken modulo the length, in order). */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((cut, i) => bytes.subarray(cut, cuts[i] ?? bytes.length));
}
