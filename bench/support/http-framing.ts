/** As much of HTTP/1.1 as the load generator and the canned upstream need of messages that they know. */

const HEAD_END = Buffer.from("\r\n\r\n");
const EVENT_END = Buffer.from("\n\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const EMPTY = Buffer.alloc(0);

export interface Message {
  readonly head: string;
  readonly body: Buffer;
}

/** Cuts a connection's bytes into messages with a `Content-Length` (none means no body). */
export class MessageReader {
  #held: Buffer = EMPTY;

  /** The next message that is complete with this piece, if there is one. One is under way at a time. */
  push(piece: Uint8Array): Message | undefined {
    const bytes = this.#held.length === 0 ? asBuffer(piece) : Buffer.concat([this.#held, piece]);
    const headEnd = bytes.indexOf(HEAD_END);
    const head = headEnd < 0 ? "" : bytes.toString("latin1", 0, headEnd);
    const bodyStart = headEnd + HEAD_END.length;
    const end = bodyStart + contentLength(head);
    if (headEnd < 0 || bytes.length < end) {
      this.#held = Buffer.from(bytes);
      return undefined;
    }
    this.#held = EMPTY;
    return { head, body: bytes.subarray(bodyStart, end) };
  }
}

/** Counts the server-sent events of a chunked answer, and notices its end. */
export class EventCounter {
  #tail: Buffer = EMPTY;
  #inBody = false;
  events = 0;
  ended = false;

  push(piece: Uint8Array): void {
    let bytes = Buffer.concat([this.#tail, piece]);
    if (!this.#inBody) {
      const headEnd = bytes.indexOf(HEAD_END);
      if (headEnd < 0) {
        this.#tail = bytes;
        return;
      }
      const head = bytes.toString("latin1", 0, headEnd);
      if (!isOk(head)) throw new Error(`the stream was answered with: ${head.split("\r\n", 1)[0]}`);
      this.#inBody = true;
      bytes = bytes.subarray(headEnd + HEAD_END.length);
    }
    let counted = 0;
    for (let at = bytes.indexOf(EVENT_END); at >= 0; at = bytes.indexOf(EVENT_END, counted)) {
      this.events++;
      counted = at + EVENT_END.length;
    }
    this.ended = bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
    // What is kept may hold half of an event's end or of the last chunk, and nothing that was counted.
    this.#tail = bytes.subarray(Math.max(counted, bytes.length - LAST_CHUNK.length));
  }
}

export function isOk(head: string): boolean {
  return head.startsWith("HTTP/1.1 200");
}

function contentLength(head: string): number {
  const found = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (found === undefined && /\r\ntransfer-encoding:/i.test(head)) throw new Error("a chunked message came");
  return Number(found ?? 0);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
