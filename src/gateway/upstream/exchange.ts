import type { UpstreamAnswer } from "./answer.ts";

/** A request under way. */
export interface Exchange {
  /** Resolves with the answer's head. Rejects with an `UpstreamError`, or for what is no HTTP. */
  readonly answer: Promise<UpstreamAnswer>;
  /** Ends it, wherever it stands: the provider sees that nobody listens any more. Nothing once it has ended. */
  abort(): void;
}
