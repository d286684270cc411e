import type { Socket } from "bun";
import { AnswerHeaders, type UpstreamAnswer } from "./answer.ts";
import { BodyQueue, type Source } from "./body.ts";
import { type ParserEvents, type ResponseHead, ResponseParser } from "./response-parser.ts";
import type { Exchange } from "./exchange.ts";
import { UpstreamError } from "./upstream-error.ts";

/** What a connection tells whoever keeps it. */
export interface ConnectionOwner {
  /** It can take another request. */
  free(connection: Connection): void;
  /** It takes no more. */
  gone(connection: Connection): void;
}

export interface ExchangeRequest {
  readonly method: string;
  readonly head: string;
  readonly body: Uint8Array | null;
}

/** Head and body up to this size leave in one write… */
const ONE_WRITE_BYTES = 32 * 1024;
/** …from here: what the system does not take at once is copied. */
const outgoing = Buffer.allocUnsafeSlow(ONE_WRITE_BYTES);

/**
 * One open connection to a provider, one request at a time. Whatever is not as it should be (bytes that nobody asked
 * for, an answer that is no HTTP, an answer before the request was whole) ends it: a connection that is out of step
 * would give one caller's answer to another.
 */
export class Connection implements ParserEvents, Source {
  /** When it was last given back, monotonic. */
  idleSinceMs = 0;
  /** How long the server said it stays open without a request; `undefined` when it did not say. */
  keepAliveMs: number | undefined;
  readonly #socket: Socket<Connection>;
  readonly #owner: ConnectionOwner;
  /** The request under way; `undefined` while the connection is free. */
  #exchange: OwnExchange | undefined;
  #parser: ResponseParser | undefined;
  #body: BodyQueue | undefined;
  /** What of the request the system has not taken yet. */
  #unsent: Uint8Array | undefined;
  #keepAlive = true;
  #paused = false;
  #closed = false;

  constructor(socket: Socket<Connection>, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Sends a request; only on a connection that is free. */
  send({ method, head, body }: ExchangeRequest): Exchange {
    const exchange = new OwnExchange(this);
    this.#exchange = exchange;
    this.#body = undefined;
    this.#parser = new ResponseParser(method, this);
    const headBytes = head.length;
    if (body === null || headBytes + body.length <= ONE_WRITE_BYTES) {
      outgoing.write(head, 0, headBytes, "latin1");
      if (body !== null) outgoing.set(body, headBytes);
      this.#writeOutgoing(headBytes + (body?.length ?? 0));
      // The key was in there.
      outgoing.fill(0, 0, headBytes);
    } else if (this.#write(Buffer.from(head, "latin1"))) {
      this.#write(body);
    } else {
      this.#unsent = Buffer.concat([this.#unsent ?? NOTHING, body]);
    }
    return exchange;
  }

  /** Ends the connection when this is still its request: it may serve another caller by now. */
  abort(exchange: Exchange): void {
    if (this.#exchange === exchange) this.close();
  }

  /** Ends the connection at once, and with it the request under way. */
  close(): void {
    this.#fail(new UpstreamError("the request was aborted", { sent: true }));
  }

  // From the queue of the body.

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#closed) this.#socket.resume();
  }

  cancel(): void {
    this.close();
  }

  // From the socket.

  received(bytes: Buffer): void {
    const parser = this.#parser;
    if (parser === undefined) return this.#destroy();
    try {
      const used = parser.push(bytes);
      if (used < bytes.length) this.#keepAlive = false;
    } catch (error) {
      return this.#fail(error);
    }
    if (parser.isDone) this.#finished();
  }

  drained(): void {
    const rest = this.#unsent;
    if (rest === undefined) return;
    this.#unsent = undefined;
    this.#write(rest);
  }

  ended(error: unknown): void {
    const whole = this.#parser?.close() === true;
    if (whole) this.#parser = undefined;
    this.#fail(new UpstreamError("the provider closed the connection", { sent: true, cause: error }));
  }

  // From the parser.

  head(head: ResponseHead): void {
    const headers = new AnswerHeaders(head.headers);
    this.#keepAlive = head.keepAlive;
    this.keepAliveMs = keepAliveMs(headers);
    const isEmpty = head.length === 0;
    const body = isEmpty ? null : new BodyQueue(head.length, this);
    this.#body = body ?? undefined;
    this.#exchange?.resolve({ status: head.status, headers, body });
  }

  piece(bytes: Uint8Array): void {
    this.#body?.push(bytes);
  }

  end(): void {
    this.#body?.end();
    this.#body = undefined;
  }

  /** Gives false when the system did not take all of it; the rest follows when it can. */
  #write(bytes: Uint8Array): boolean {
    const written = this.#socket.write(bytes);
    if (written < 0) {
      this.#fail(new UpstreamError("the connection was closed", { sent: true }));
      return true;
    }
    if (written >= bytes.length) return true;
    this.#unsent = bytes.subarray(written);
    return false;
  }

  #writeOutgoing(length: number): void {
    const written = this.#socket.write(outgoing, 0, length);
    if (written < 0) this.#fail(new UpstreamError("the connection was closed", { sent: true }));
    else if (written < length) this.#unsent = Buffer.from(outgoing.subarray(written, length));
  }

  #finished(): void {
    this.#parser = undefined;
    this.#exchange = undefined;
    if (this.#closed) return;
    // What is still unread of the body is in its queue; the next answer must not wait for that.
    this.resume();
    if (!this.#keepAlive || this.#unsent !== undefined) return this.#destroy();
    this.#owner.free(this);
  }

  #fail(error: unknown): void {
    this.#exchange?.reject(error);
    this.#exchange = undefined;
    this.#body?.fail(error);
    this.#body = undefined;
    this.#parser = undefined;
    this.#destroy();
  }

  #destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsent = undefined;
    this.#socket.terminate();
    this.#owner.gone(this);
  }
}

class OwnExchange implements Exchange {
  readonly answer: Promise<UpstreamAnswer>;
  readonly resolve: (answer: UpstreamAnswer) => void;
  readonly reject: (error: unknown) => void;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
    this.answer = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  abort(): void {
    this.#connection.abort(this);
  }
}

const NOTHING = new Uint8Array(0);

/** `Keep-Alive: timeout=5` (RFC 2068 19.7.1), in milliseconds. */
function keepAliveMs(headers: AnswerHeaders): number | undefined {
  const text = headers.get("keep-alive");
  const seconds = text === null ? undefined : /\btimeout=(\d{1,6})\b/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
