/**
 * Rolls up one ledger in a thread of its own; see roll-up.ts. One {@link RollUpCall} in, one {@link RollUpAnswer} out;
 * anything else in ends it after the step under way.
 */
import type { KeepOptions } from "./drop-rows.ts";
import { rollUp } from "./roll-up.ts";

export interface RollUpCall {
  readonly path: string;
  readonly keep: KeepOptions;
}

/** The failure, as text, if there was one. */
export interface RollUpAnswer {
  readonly error: string | undefined;
}

declare const self: {
  onmessage: (event: MessageEvent<RollUpCall | "stop">) => void;
  postMessage(answer: RollUpAnswer, transfer: readonly never[]): void;
};

const told = { stop: false };

self.onmessage = ({ data }) => {
  if (data === "stop") {
    told.stop = true;
    return;
  }
  void rollUp(data.path, data.keep, () => told.stop).then(
    () => self.postMessage({ error: undefined }, []),
    (error: unknown) => self.postMessage({ error: error instanceof Error ? error.message : "unknown" }, []),
  );
};
