import { dotSegmentRoutes } from "./dot-segments.ts";
import type { Gateway, ServerSide } from "./gateway.ts";
import { listenError } from "./listen-error.ts";

export interface ListenerOptions {
  gateway: Pick<Gateway, "handle" | "drain">;
  hostname: string;
  /** 0 = a free one. */
  port: number;
  tls?: { cert: string; key: string } | undefined;
  /** Shares the port with other processes of this user that ask for the same; Linux only. */
  reusePort?: boolean;
  /** How long a request may take to arrive, unless it goes on as a stream. */
  readLimitSeconds?: number;
}

export interface Listener {
  /** As a client on this machine writes it, without a trailing slash: loopback when it listens on every address. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connections, lets requests finish for at most `limitMs`, then closes. */
  stop(limitMs: number): Promise<void>;
}

/** The server cannot count further. */
const READ_LIMIT_SECONDS = 240;

/** Opens the data plane. @throws AppError `address_in_use`, `denied`, `invalid_input`. */
export function listen(options: ListenerOptions): Listener {
  const { gateway, hostname, port, tls } = options;
  const server = open(() =>
    Bun.serve({
      hostname,
      port,
      // Each route has a limit of its own, and says in the caller's dialect what is too large.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      ...(tls === undefined ? {} : { tls }),
      reusePort: options.reusePort ?? false,
      routes: dotSegmentRoutes((request: Request) => answer(request, sideOfDots)),
      fetch: (request) => answer(request, side),
      error: () => new Response(null, { status: 500 }),
    }),
  );
  const bound = server.port ?? port;
  // Asking the server costs a system call each time.
  const side: ServerSide = {
    port: bound,
    timeout: (request, seconds) => server.timeout(request, seconds),
    address: (request) => server.requestIP(request)?.address,
  };
  const sideOfDots: ServerSide = { ...side, hadDots: true };
  return {
    url: `${tls === undefined ? "http" : "https"}://${hostToCall(hostname)}:${bound}`,
    port: bound,
    async stop(limitMs) {
      const closed = server.stop();
      await gateway.drain(limitMs);
      await server.stop(true);
      await closed;
    },
  };

  function answer(request: Request, side: ServerSide): Promise<Response> {
    // Until the gateway has read the request and takes over: a body that never ends would hold a connection for good.
    server.timeout(request, options.readLimitSeconds ?? READ_LIMIT_SECONDS);
    return gateway.handle(request, side);
  }

  function open<T>(serve: () => T): T {
    try {
      return serve();
    } catch (error) {
      throw listenError(error, options);
    }
  }
}

const LOOPBACK = { "0.0.0.0": "127.0.0.1", "::": "::1" } as const;

/** Listening there is listening on all addresses of the machine; nobody calls it by that. */
export function isEveryAddress(hostname: string): hostname is keyof typeof LOOPBACK {
  return Object.hasOwn(LOOPBACK, hostname);
}

/** By what a client on this machine reaches what listens there, as a URL has it. */
export function hostToCall(hostname: string): string {
  return inUrl(isEveryAddress(hostname) ? LOOPBACK[hostname] : hostname);
}

/** A host's name or address as a URL and a Host header have it. */
export function inUrl(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Looks whether anybody listens there, also with a port that is shared. @throws AppError as {@link listen}. */
export async function assertPortIsFree(hostname: string, port: number): Promise<void> {
  if (port === 0) return;
  try {
    await Bun.serve({ hostname, port, fetch: () => new Response(null, { status: 503 }) }).stop(true);
  } catch (error) {
    throw listenError(error, { hostname, port });
  }
}
