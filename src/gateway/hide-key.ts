/**
 * Some providers repeat the credential that they refuse, whole, in the error; some servers show what they were sent
 * on routes of their own. The caller must not learn it: who holds
 * a virtual key holds no provider key. Every byte of it becomes an asterisk, so that all lengths stay as they were.
 */
import type { Secret } from "../kernel/index.ts";

export interface KeyFilter {
  /** What may pass now; what could be the beginning of the key waits for the next piece. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was still held when the answer ended. */
  flush(): Uint8Array;
}

/** What is shorter is no credential, and could stand in any text. */
const SHORTEST_KEY_BYTES = 8;

/** `undefined` when there is nothing to hide: local servers need no key. */
export function createKeyFilter(key: Secret): KeyFilter | undefined {
  const wanted = Buffer.from(key.reveal());
  if (wanted.length < SHORTEST_KEY_BYTES) return undefined;
  let held = Buffer.alloc(0);
  return {
    push(chunk) {
      // A copy: the chunk's memory is the reader's.
      const bytes = Buffer.concat([held, chunk]);
      for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at)) {
        bytes.fill("*", at, at + wanted.length);
      }
      const end = bytes.length - beginningAtEnd(bytes, wanted);
      held = bytes.subarray(end);
      return bytes.subarray(0, end);
    },
    flush() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
  };
}

/** The same for the value of a header. */
export function withoutKey(text: string, key: Secret): string {
  const wanted = key.reveal();
  if (text.length < wanted.length || wanted.length < SHORTEST_KEY_BYTES || !text.includes(wanted))
    return text;
  return text.replaceAll(wanted, "*".repeat(wanted.length));
}

/** How many of the last bytes are the first ones of what is wanted. */
function beginningAtEnd(bytes: Buffer, wanted: Buffer): number {
  for (let size = Math.min(bytes.length, wanted.length - 1); size > 0; size--) {
    if (bytes.subarray(bytes.length - size).equals(wanted.subarray(0, size))) return size;
  }
  return 0;
}
