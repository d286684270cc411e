import type { Usage } from "../kernel/index.ts";
import type { Provider, RouteKind } from "../providers/index.ts";

export interface MeterOptions {
  readonly provider: Provider;
  readonly kind: RouteKind;
  readonly contentType: string | null;
  /** Of the answer as it passes: a compressed answer is metered from a bounded copy. */
  readonly contentEncoding: string | null;
}

/**
 * Reads an answer as it passes by. Never throws, never changes or holds back a byte, and keeps a bounded amount
 * of memory whatever it is fed.
 */
export interface Meter {
  /** The chunk must stay as it is until the next call: it is copied only when another one follows. */
  push(chunk: Uint8Array): void;
  /** After the last byte, however the answer ended. */
  finish(): MeterResult | Promise<MeterResult>;
}

/** Makes the meter for one answer. What it cannot read gives a result without usage, never an error. */
export type CreateMeter = (options: MeterOptions) => Meter;

/** The same for an answer that is here as a whole. */
export type MeterWhole = (options: MeterOptions, bytes: Uint8Array) => MeterResult | Promise<MeterResult>;

export interface MeterResult {
  /** `null` when no usage was seen. */
  readonly usage: Usage | null;
  /** True when the provider's final figures were seen; else what was read is only a lower bound. */
  readonly final: boolean;
  readonly modelAnswered: string | null;
  readonly serviceTier: string | null;
  readonly geo: string | null;
  /** An error event inside a 200 stream. */
  readonly errorSeen: boolean;
}
