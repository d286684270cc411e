import type { Socket, SocketHandler } from "bun";
import type { Clock } from "../../kernel/index.ts";
import type { Destination } from "../destination.ts";
import type { HeaderPairs } from "../header-pairs.ts";
import type { UpstreamAnswer } from "./answer.ts";
import { Connection, type ConnectionOwner, type ExchangeRequest } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { requestHead } from "./request-head.ts";
import { UpstreamError } from "./upstream-error.ts";

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly destination: Destination;
  /** Without `host` and `content-length`. */
  readonly headers: HeaderPairs;
  readonly body: Uint8Array | null;
}

/**
 * HTTP/1.1 to providers on kept connections, on the sockets of this thread: a hop to another thread and back, which
 * `fetch` makes for every request and every chunk, costs more than all the rest (docs/performance.md).
 */
export interface UpstreamClient {
  send(request: UpstreamRequest): Exchange;
  /** Closes what is idle; requests under way end by themselves. */
  close(): void;
}

export interface ClientOptions {
  readonly clock: Clock;
  /** Default {@link CONNECT_LIMIT_MS}. */
  readonly connectLimitMs?: number;
  /** Certificate authorities to trust instead of the usual ones (PEM). */
  readonly ca?: string | undefined;
}

export const CONNECT_LIMIT_MS = 15_000;
/** A server that does not say how long it waits is taken to wait this long. */
const IDLE_LIMIT_MS = 20_000;
/** The server's own limit is not waited out: its closing and our request would cross. */
const IDLE_MARGIN_MS = 1_000;
const MOST_IDLE = 256;
const SWEEP_EVERY_MS = 5_000;

export function createUpstreamClient(options: ClientOptions): UpstreamClient {
  const { clock, connectLimitMs: limitMs = CONNECT_LIMIT_MS, ca } = options;
  /** By destination; the one used last stands last. */
  const idle = new Map<string, Connection[]>();
  const keyOf = new WeakMap<Connection, string>();
  let sweeper: ReturnType<typeof setInterval> | undefined;
  let closed = false;

  const owner: ConnectionOwner = {
    free(connection) {
      const list = listOf(keyOf.get(connection) ?? "");
      if (closed || list.length >= MOST_IDLE) return connection.close();
      connection.idleSinceMs = clock.monotonicMs();
      list.push(connection);
      sweeper ??= setInterval(sweep, SWEEP_EVERY_MS).unref();
    },
    gone(connection) {
      const list = idle.get(keyOf.get(connection) ?? "");
      const at = list?.indexOf(connection) ?? -1;
      if (at >= 0) list?.splice(at, 1);
    },
  };

  function listOf(key: string): Connection[] {
    let list = idle.get(key);
    if (list === undefined) idle.set(key, (list = []));
    return list;
  }

  function takeIdle(key: string): Connection | undefined {
    const list = idle.get(key);
    if (list === undefined) return undefined;
    for (let connection = list.pop(); connection !== undefined; connection = list.pop()) {
      if (connection.isOpen && !isStale(connection)) return connection;
      connection.close();
    }
    return undefined;
  }

  function isStale({ idleSinceMs, keepAliveMs }: Connection): boolean {
    const limitMs = keepAliveMs === undefined ? IDLE_LIMIT_MS : keepAliveMs - IDLE_MARGIN_MS;
    return clock.monotonicMs() - idleSinceMs >= limitMs;
  }

  function sweep(): void {
    for (const [key, list] of idle) {
      for (const connection of list.filter(isStale)) connection.close();
      if (list.length === 0) idle.delete(key);
    }
    if (idle.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  function sendOnNew(destination: Destination, request: ExchangeRequest): Exchange {
    return new WaitingExchange(connect({ destination, owner, limitMs, ca }), (opened) => {
      keyOf.set(opened, destination.key);
      return opened.send(request);
    });
  }

  return {
    send({ method, target, destination, headers, body }) {
      const head = requestHead({
        method,
        target,
        host: destination.host,
        headers,
        bodyBytes: body === null ? (method === "POST" || method === "PUT" ? 0 : undefined) : body.length,
      });
      const kept = takeIdle(destination.key);
      if (kept !== undefined) return kept.send({ method, head, body });
      return sendOnNew(destination, { method, head, body });
    },
    close() {
      closed = true;
      clearInterval(sweeper);
      for (const list of idle.values()) for (const connection of list.slice()) connection.close();
      idle.clear();
    },
  };
}

/**
 * An exchange that has to wait for its connection. Once it has that it does not hold the request any more: an answer
 * may stream for long, and the body is the large part.
 */
class WaitingExchange implements Exchange {
  readonly answer: Promise<UpstreamAnswer>;
  #way: Pick<Exchange, "abort">;

  constructor(connecting: Connecting, send: (opened: Connection) => Exchange) {
    this.#way = connecting;
    this.answer = connecting.opened.then((opened) => {
      const exchange = send(opened);
      this.#way = exchange;
      return exchange.answer;
    });
  }

  abort(): void {
    this.#way.abort();
  }
}

interface Connecting {
  /** Rejects with an {@link UpstreamError} that was not sent. */
  readonly opened: Promise<Connection>;
  abort(): void;
}

interface ConnectOptions {
  readonly destination: Destination;
  readonly owner: ConnectionOwner;
  readonly limitMs: number;
  readonly ca: string | undefined;
}

/** Opens a connection: to the checked address, and with TLS only to whoever proves to be the named host. */
function connect({ destination, owner, limitMs, ca }: ConnectOptions): Connecting {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  let socket: Socket<Connection> | undefined;
  const failed = (message: string, cause?: unknown) => {
    clearTimeout(timer);
    reject(new UpstreamError(message, { sent: false, cause }));
    socket?.terminate();
  };
  const timer = setTimeout(() => failed("the connection could not be made in time"), limitMs);
  const ready = (opened: Socket<Connection>) => {
    clearTimeout(timer);
    const connection = new Connection(opened, owner);
    opened.data = connection;
    resolve(connection);
  };
  const { secure } = destination;
  const handler: SocketHandler<Connection> = {
    open(opened) {
      socket = opened;
      if (!secure) ready(opened);
    },
    handshake(opened, success, error) {
      if (!secure) return;
      if (success && error === null && opened.authorized) ready(opened);
      else failed("the provider's certificate does not hold", error ?? undefined);
    },
    data: (from, bytes) => (from.data as Connection | undefined)?.received(bytes),
    drain: (from) => (from.data as Connection | undefined)?.drained(),
    close(from, error) {
      failed("the connection was closed before it was ready", error);
      (from.data as Connection | undefined)?.ended(error);
    },
    error(from, error) {
      failed("the connection failed", error);
      (from.data as Connection | undefined)?.ended(error);
    },
    connectError: (_, error) => failed("the connection could not be made", error),
  };
  Bun.connect<Connection>({
    hostname: destination.address,
    port: destination.port,
    socket: handler,
    ...(secure ? { tls: tlsOf(destination, ca) } : {}),
  }).catch((error: unknown) => failed("the connection could not be made", error));
  return { opened: promise, abort: () => failed("the request was aborted") };
}

/** Whatever the environment says: an unproven certificate gets no key. */
function tlsOf({ serverName, address }: Destination, ca: string | undefined) {
  return {
    serverName: serverName ?? address,
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  };
}
