import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Splitter } from "./piece-collector.ts";

/** Compressed bytes waiting to be decoded; a meter that falls further behind gives up. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Decoded bytes of one answer. A bomb is dropped here. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

export interface Decoder {
  push(chunk: Uint8Array): void;
  /** Resolves when everything was handed on, or the decoder has given up. Never rejects. */
  end(): Promise<void>;
}

/** True for content that passes in the clear. */
export function isIdentity(contentEncoding: string | null): boolean {
  return contentEncoding === null || /^\s*(?:identity)?\s*$/i.test(contentEncoding);
}

/** Decodes a copy of the answer for `reader`, off the calling thread. `undefined` for an encoding it does not know. */
export function decodeFor(reader: Splitter, contentEncoding: string): Decoder | undefined {
  const create = DECODERS[contentEncoding.trim().toLowerCase()];
  if (!create) return undefined;
  const stream = create();
  let decodedBytes = 0;
  let done = false;
  const closed = new Promise<void>((resolve) => {
    const stop = () => {
      done = true;
      resolve();
    };
    stream.once("end", stop).once("error", stop).once("close", stop);
  });
  const giveUp = () => {
    done = true;
    stream.destroy();
  };
  stream.on("data", (piece: Buffer) => {
    if (done) return;
    decodedBytes += piece.length;
    if (decodedBytes > MAX_DECODED_BYTES) return giveUp();
    try {
      reader.push(piece);
    } catch {
      giveUp();
    }
  });
  return {
    push(chunk) {
      if (done) return;
      if (stream.writableLength > MAX_WAITING_BYTES) giveUp();
      // The gateway may hand its buffer on; the decoder reads later.
      else stream.write(Buffer.from(chunk));
    },
    end() {
      if (!done) stream.end();
      return closed;
    },
  };
}
