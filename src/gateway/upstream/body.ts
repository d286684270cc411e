/** The body of an answer, taken by one reader. */
export interface UpstreamBody {
  /** As announced; `undefined` when only its end tells. */
  readonly length: number | undefined;
  /**
   * The next piece, as it came; `undefined` behind the last one. At once when it is here already. Rejects, or throws,
   * when the answer breaks off.
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Nobody wants the rest: the provider is told to stop. */
  cancel(): void;
}

/** All that is left of the body, in one piece. Only for bodies whose length is known to be small. */
export function wholeBody(body: UpstreamBody): Uint8Array | Promise<Uint8Array> {
  const first = body.read();
  if (first instanceof Promise) return collect(body, [], first);
  if (first === undefined) return NOTHING;
  const second = body.read();
  if (second === undefined) return first;
  return collect(body, [first], second);
}

async function collect(
  body: UpstreamBody,
  pieces: Uint8Array[],
  next: Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<Uint8Array> {
  for (let piece = await next; piece !== undefined; piece = await body.read()) pieces.push(piece);
  return pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces);
}

const NOTHING = new Uint8Array(0);

/** What a queue asks of the connection that fills it; asking twice for the same does nothing. */
export interface Source {
  pause(): void;
  resume(): void;
  cancel(): void;
}

/** Beyond this much unread, the connection stops reading: a slow caller slows the provider down. */
const MOST_QUEUED_BYTES = 64 * 1024;

/** A body that a connection fills and a reader empties. */
export class BodyQueue implements UpstreamBody {
  readonly length: number | undefined;
  readonly #source: Source;
  readonly #pieces: Uint8Array[] = [];
  #queuedBytes = 0;
  #state: "open" | "ended" | "failed" = "open";
  #failure: unknown;
  #waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined;

  constructor(length: number | undefined, source: Source) {
    this.length = length;
    this.#source = source;
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#queuedBytes -= piece.length;
      if (this.#state === "open" && this.#queuedBytes <= MOST_QUEUED_BYTES / 2) this.#source.resume();
      return piece;
    }
    if (this.#state === "ended") return undefined;
    if (this.#state === "failed") throw this.#failure;
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  cancel(): void {
    if (this.#state !== "open") return;
    this.#source.cancel();
  }

  push(piece: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve(piece);
      return;
    }
    this.#pieces.push(piece);
    this.#queuedBytes += piece.length;
    if (this.#queuedBytes > MOST_QUEUED_BYTES) this.#source.pause();
  }

  end(): void {
    this.#state = "ended";
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
  }

  /** What was received stays readable; behind it the reader meets the error. */
  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** The body of a `fetch` answer, read the same way. */
export function streamedBody(stream: ReadableStream<Uint8Array>, length: number | undefined): UpstreamBody {
  const reader = stream.getReader();
  return {
    length,
    async read() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        if (value.length > 0) return value;
      }
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}
