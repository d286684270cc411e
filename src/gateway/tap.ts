import type { UpstreamBody } from "./upstream/body.ts";

/** What is told of an answer as it passes. Exactly one of `end`, `cut` and `gone` is called, once. */
export interface TapEvents {
  /** Before the next piece is asked of the provider. */
  asked(): void;
  /** A piece as the provider sent it; gives what passes of it. */
  piece(bytes: Uint8Array): Uint8Array;
  /** The provider's answer is complete; gives what is still to pass. */
  end(): Uint8Array;
  /** The provider's answer broke off. */
  cut(error: unknown): void;
  /** The caller went away. */
  gone(): void;
}

/**
 * The provider's body on its way to the caller, piece by piece: a piece is asked for only when the caller takes one,
 * so that a slow caller slows the provider down and nothing piles up here.
 */
export function tap(body: UpstreamBody, events: TapEvents): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            events.asked();
            const read = body.read();
            const piece = read instanceof Promise ? await read : read;
            const passing = piece === undefined ? events.end() : events.piece(piece);
            if (passing.length > 0) controller.enqueue(passing);
            if (piece === undefined) return controller.close();
            if (passing.length > 0) return;
          }
        } catch (error) {
          events.cut(error);
          // Without a reason: the server would print it, and it may hold the URL. The caller's connection is reset,
          // so that half an answer is not taken for a whole one.
          controller.error(undefined);
        }
      },
      cancel() {
        events.gone();
        body.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}
