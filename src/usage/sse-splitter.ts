import { PieceCollector, type Splitter, type SplitterOptions } from "./piece-collector.ts";

const LF = 10;
const CR = 13;

export interface SseSplitterOptions extends SplitterOptions {
  /** Whether whole events need not be looked at: spares cutting them up. Called with as many as lie in one chunk. */
  readonly passOver?: (events: Uint8Array) => boolean;
}

/**
 * Cuts a server-sent event stream at its blank lines, wherever chunks are cut. Lines end with CR, LF or CRLF
 * (WHATWG HTML, 9.2.5). A piece is one event with its lines; a byte order mark is left to the caller.
 */
export function splitSse(options: SseSplitterOptions): Splitter {
  const collector = new PieceCollector(options);
  let lineIsEmpty = true;
  let afterCr = false;
  return {
    push(chunk) {
      const isBetweenEvents = lineIsEmpty && !afterCr && collector.isEmpty;
      if (isBetweenEvents && endsEvent(chunk) && options.passOver?.(chunk) === true) return;
      const bytes = asBuffer(chunk);
      let start = 0;
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i];
        if (byte !== LF && byte !== CR) {
          lineIsEmpty = false;
          afterCr = false;
          continue;
        }
        const secondHalf = byte === LF && afterCr;
        afterCr = byte === CR;
        if (secondHalf) {
          // The rest of a CRLF whose CR has ended the line, and perhaps the event.
          if (lineIsEmpty && collector.isEmpty && start === i) start = i + 1;
          continue;
        }
        if (lineIsEmpty) {
          collector.complete(bytes.subarray(start, i));
          start = i + 1;
        }
        lineIsEmpty = true;
      }
      collector.hold(bytes.subarray(start));
    },
    end() {
      collector.complete();
    },
  };
}

function endsEvent(chunk: Uint8Array): boolean {
  return chunk[chunk.length - 1] === LF && chunk[chunk.length - 2] === LF;
}

export function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
