import { open } from "node:fs/promises";

const CHUNK_BYTES = 64 * 1024;

/** A file's bytes from begin to end. */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array, void> {
  const handle = await open(path, "r");
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** A stream that asks for a piece only when one is read, and ends the source when it is given up. */
export function toStream(chunks: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Passes the bytes on and shows each piece to `look` first. */
export async function* tapped(
  chunks: AsyncIterable<Uint8Array>,
  look: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    look(chunk);
    yield chunk;
  }
}

/** Reads exact amounts from bytes that come in pieces of any size. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes, at least one and at most `maxBytes`; `undefined` at the end. */
  async some(maxBytes: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Exactly `sizeBytes`, or `undefined` when the bytes end before. */
  async exactly(sizeBytes: number): Promise<Uint8Array | undefined> {
    const whole = new Uint8Array(sizeBytes);
    for (let filled = 0; filled < sizeBytes;) {
      const part = await this.some(sizeBytes - filled);
      if (part === undefined) return undefined;
      whole.set(part, filled);
      filled += part.length;
    }
    return whole;
  }

  /** Gives up the rest; the source is closed. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
