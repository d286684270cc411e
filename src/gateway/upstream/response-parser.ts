/**
 * A response of HTTP/1.1 (RFC 9112) read as it arrives. Strict: whatever two readers could understand in two ways is
 * an error, and the connection it came on is not used again. What it leaves out: trailers, whose fields are dropped,
 * and transfer codings other than `chunked`.
 */
import { remember } from "../../kernel/index.ts";
import type { HeaderPairs } from "../header-pairs.ts";

/** What the parser tells, in this order: one head, any number of pieces, one end. */
export interface ParserEvents {
  head(head: ResponseHead): void;
  /** Bytes of the body; they stay as they are. */
  piece(bytes: Uint8Array): void;
  end(): void;
}

export interface ResponseHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderPairs;
  /** Bytes of the body; `undefined` when only its end tells. 0 where there is none. */
  readonly length: number | undefined;
  /** The server keeps the connection open behind this response. */
  readonly keepAlive: boolean;
}

/** The response is not HTTP/1.1 as we read it. The message names no content. */
export class MalformedResponse extends Error {
  override readonly name = "MalformedResponse";
}

const MAX_HEAD_BYTES = 256 * 1024;
/** Servers send some thirty. Who keeps headers looks through all of them for each: ten thousand take seconds. */
const MAX_HEADERS = 256;
const MAX_CHUNK_LINE_BYTES = 4 * 1024;
const MAX_TRAILER_BYTES = 64 * 1024;

type State = "head" | "counted" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "until-close" | "done";

export class ResponseParser {
  readonly #method: string;
  readonly #events: ParserEvents;
  #state: State = "head";
  /** The beginning of a head or line whose end has not come. */
  #held: Buffer | undefined;
  /** Of the body or the chunk: bytes that are still to come. */
  #left = 0;
  #trailerBytes = 0;

  constructor(method: string, events: ParserEvents) {
    this.#method = method;
    this.#events = events;
  }

  /** Takes the next bytes; gives how many of them belong to this response. @throws MalformedResponse. */
  push(bytes: Buffer): number {
    const held = this.#held;
    const all = held === undefined ? bytes : Buffer.concat([held, bytes]);
    this.#held = undefined;
    const at = this.#take(all);
    return Math.max(0, at - (held?.length ?? 0));
  }

  /** The server has closed the connection. Gives false when the response was not complete by then. */
  close(): boolean {
    if (this.#state !== "until-close") return this.#state === "done";
    this.#end();
    return true;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  #take(bytes: Buffer): number {
    let at = 0;
    while (this.#state !== "done") {
      const next = this.#step(bytes, at);
      if (next === undefined) {
        if (at < bytes.length) this.#held = at === 0 ? bytes : Buffer.from(bytes.subarray(at));
        return bytes.length;
      }
      at = next;
      if (at >= bytes.length && !this.#isOwed()) return at;
    }
    return at;
  }

  /** A step that needs no further bytes. */
  #isOwed(): boolean {
    return this.#state === "counted" && this.#left === 0;
  }

  /** Gives where the next step begins; `undefined` when it needs more bytes than there are. */
  #step(bytes: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, at);
      case "counted":
      case "chunk":
        return this.#counted(bytes, at);
      case "chunk-size":
        return this.#chunkSize(bytes, at);
      case "chunk-end":
        return this.#chunkEnd(bytes, at);
      case "trailers":
        return this.#trailer(bytes, at);
      case "until-close":
        if (at < bytes.length) this.#events.piece(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "done":
        return at;
    }
  }

  #head(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf("\r\n\r\n", at, "latin1");
    if (end < 0) {
      if (bytes.length - at > MAX_HEAD_BYTES) throw new MalformedResponse("the head is too long");
      // What is no HTTP at all must not be waited for.
      if (bytes.length - at >= 5 && bytes.toString("latin1", at, at + 5) !== "HTTP/") throw notHttp();
      return undefined;
    }
    if (end - at > MAX_HEAD_BYTES) throw new MalformedResponse("the head is too long");
    const { head, framing } = readHead(bytes.toString("latin1", at, end), this.#method);
    const next = end + 4;
    // 100 and 103 come before the response; nobody asked for a change of protocol.
    if (head.status === 101) throw new MalformedResponse("the protocol was changed");
    if (head.status < 200) return next;
    this.#left = head.length ?? 0;
    this.#state = framing;
    this.#events.head(head);
    return next;
  }

  #counted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (end > at) this.#events.piece(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === "chunk") this.#state = "chunk-end";
    else this.#end();
    return end;
  }

  #chunkSize(bytes: Buffer, at: number): number | undefined {
    const end = lineEnd(bytes, at);
    if (end === undefined) return undefined;
    const size = CHUNK_SIZE.exec(bytes.toString("latin1", at, end))?.[1];
    if (size === undefined) throw new MalformedResponse("a chunk has no size");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
    return end + 2;
  }

  #chunkEnd(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < 2) return undefined;
    if (bytes[at] !== CARRIAGE_RETURN || bytes[at + 1] !== LINE_FEED) {
      throw new MalformedResponse("a chunk is longer than its size");
    }
    this.#state = "chunk-size";
    return at + 2;
  }

  #trailer(bytes: Buffer, at: number): number | undefined {
    const end = lineEnd(bytes, at);
    if (end === undefined) return undefined;
    this.#trailerBytes += end + 2 - at;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) throw new MalformedResponse("the trailers are too long");
    if (end === at) this.#end();
    return end + 2;
  }

  #end(): void {
    this.#state = "done";
    this.#events.end();
  }
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
/** At most 2^48 bytes; behind it extensions, which nobody uses. */
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?$/;

function lineEnd(bytes: Buffer, at: number): number | undefined {
  const end = bytes.indexOf("\r\n", at, "latin1");
  if (end < 0 ? bytes.length - at > MAX_CHUNK_LINE_BYTES : end - at > MAX_CHUNK_LINE_BYTES) {
    throw new MalformedResponse("a line between chunks is too long");
  }
  return end < 0 ? undefined : end;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 5.5: no NUL, CR or LF; other control bytes are nobody's text either. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

function hasOption(connection: string, option: string): boolean {
  return connection !== "" && connection.split(",").some((each) => each.trim() === option);
}

interface ReadHead {
  readonly head: ResponseHead;
  readonly framing: "counted" | "chunk-size" | "until-close";
}

function readHead(text: string, method: string): ReadHead {
  const lines = text.split("\r\n", MAX_HEADERS + 2);
  const status = STATUS_LINE.exec(lines[0] ?? "");
  if (status === null) throw notHttp();
  if (lines.length > MAX_HEADERS + 1) throw new MalformedResponse("the head has too many headers");
  const headers: HeaderPairs = [];
  let length: string | undefined;
  let coding: string | undefined;
  let connection = "";
  for (let at = 1; at < lines.length; at++) {
    const header = headerIn(lines[at] ?? "");
    const [name, value] = header;
    if (name === "content-length") length = oneLength(length, value);
    else if (name === "transfer-encoding") coding = coding === undefined ? value : `${coding}, ${value}`;
    else if (name === "connection") connection = `${connection},${value.toLowerCase()}`;
    headers.push(header);
  }
  const code = Number(status[2]);
  const isOld = status[1] === "0";
  const stays = isOld ? hasOption(connection, "keep-alive") : !hasOption(connection, "close");
  const framed = framing({ method, status: code, coding: coding?.toLowerCase(), length, isOld });
  // Some servers send the body that must not be there; late, it would be taken for the next answer.
  const isBare = hasNoBody(method, code) && (coding !== undefined || Number(length ?? 0) > 0);
  const keepAlive = stays && framed.how !== "until-close" && method !== "HEAD" && !isBare;
  return {
    head: { status: code, headers, length: framed.length, keepAlive },
    framing: framed.how,
  };
}

/** Header lines read lately: servers send the same ones over and over. Long ones are left out. */
const remembered = new Map<string, readonly [string, string]>();
const MAX_REMEMBERED = 512;
const MAX_REMEMBERED_LENGTH = 64;

function headerIn(line: string): readonly [string, string] {
  return remembered.get(line) ?? readHeader(line);
}

function readHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  const given = line.slice(0, colon);
  const value = trimmed(line, colon + 1);
  // Also refuses lines that go on in the next one, which readers join in different ways.
  if (colon < 1 || !NAME.test(given) || !VALUE.test(value)) throw new MalformedResponse("a header is broken");
  const header = [given.toLowerCase(), value] as const;
  return line.length > MAX_REMEMBERED_LENGTH ? header : remember(remembered, MAX_REMEMBERED, line, header);
}

interface Framed {
  readonly how: "counted" | "chunk-size" | "until-close";
  readonly length: number | undefined;
}

/** RFC 9112 6.3; a length beside a coding is refused, as it is the mark of a response smuggled past somebody. */
function framing(response: {
  method: string;
  status: number;
  coding: string | undefined;
  length: string | undefined;
  isOld: boolean;
}): Framed {
  const { method, status, coding, length, isOld } = response;
  if (hasNoBody(method, status)) return { how: "counted", length: 0 };
  if (coding !== undefined) {
    if (coding !== "chunked" || isOld) throw new MalformedResponse("an unknown transfer coding");
    if (length !== undefined) throw new MalformedResponse("a length beside a transfer coding");
    return { how: "chunk-size", length: undefined };
  }
  if (length !== undefined) return { how: "counted", length: Number(length) };
  return { how: "until-close", length: undefined };
}

/** Whatever its headers say. */
function hasNoBody(method: string, status: number): boolean {
  return method === "HEAD" || status < 200 || status === 204 || status === 304;
}

function oneLength(before: string | undefined, value: string): string {
  if (!/^[0-9]{1,15}$/.test(value) || (before !== undefined && before !== value)) {
    throw new MalformedResponse("the length is not one number");
  }
  return value;
}

/** Without the optional space around it (RFC 9112 5.1). */
function trimmed(line: string, from: number): string {
  const start = line.charCodeAt(from) === SPACE ? from + 1 : from;
  const value = line.slice(start);
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  const isPlain = first !== SPACE && first !== TAB && last !== SPACE && last !== TAB;
  return isPlain ? value : value.replace(OUTER_SPACE, "");
}

const SPACE = 0x20;
const TAB = 0x09;

function notHttp(): MalformedResponse {
  return new MalformedResponse("the answer is not HTTP/1.1");
}
