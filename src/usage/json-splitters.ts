import { PieceCollector, type Splitter, type SplitterOptions } from "./piece-collector.ts";
import { asBuffer } from "./sse-splitter.ts";

const LF = 10;

/** Cuts at line ends: newline-delimited JSON. */
export function splitLines(options: SplitterOptions): Splitter {
  const collector = new PieceCollector(options);
  return {
    push(chunk) {
      const bytes = asBuffer(chunk);
      let start = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
        collector.complete(bytes.subarray(start, end));
        start = end + 1;
      }
      collector.hold(bytes.subarray(start));
    },
    end() {
      collector.complete();
    },
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/**
 * Cuts a JSON array into the objects it lists: Gemini streams that way without `alt=sse`. Only strings and nesting
 * are followed; whether an element is JSON is found out by parsing it.
 */
export function splitArray(options: SplitterOptions): Splitter {
  const collector = new PieceCollector(options);
  let depth = 0;
  let inString = false;
  let escaped = false;
  return {
    push(chunk) {
      const bytes = asBuffer(chunk);
      let start = depth > 1 ? 0 : -1;
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i] ?? 0;
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) {
          inString = true;
        } else if (OPEN.has(byte)) {
          depth += 1;
          if (depth === 2) start = i;
        } else if (CLOSE.has(byte) && depth > 0) {
          depth -= 1;
          if (depth === 1 && start >= 0) {
            collector.complete(bytes.subarray(start, i + 1));
            start = -1;
          }
        }
      }
      if (start >= 0) collector.hold(bytes.subarray(start));
    },
    end() {
      collector.complete();
    },
  };
}

/** Takes everything as one piece. */
export function wholeDocument(options: SplitterOptions): Splitter {
  const collector = new PieceCollector(options);
  return {
    push: (chunk) => collector.hold(asBuffer(chunk)),
    end: () => collector.complete(),
  };
}
