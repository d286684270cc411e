import { AppError, type Clock, type Log } from "../kernel/index.ts";
import type { SeenAtDoor } from "./open-door.ts";
import { bearerOf, type Refusal, refusalOf } from "./door-rules.ts";

export interface DoorListenerOptions {
  readonly tool: string;
  /** 0 = a free one. */
  readonly port: number;
  readonly gatewayUrl: string;
  readonly mayEnter: (token: string, tool: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DoorListener {
  readonly url: string;
  readonly port: number;
  /** The Host that is served from now on; `undefined` = nothing. */
  serveFor(host: string | undefined): void;
  seen(): readonly SeenAtDoor[];
  stop(): Promise<void>;
}

const LARGEST_BODY_BYTES = 64 * 1024 * 1024;
const MOST_SEEN = 20;
/** Until it is let in, a connection may be silent for so long. */
const STRANGER_SECONDS = 20;
/** Ends at this hop, or is made anew for the next one. */
const DROPPED = ["host", "connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"];

/** Listens on loopback only. @throws AppError `address_in_use`. */
export function openListener({
  tool,
  port,
  gatewayUrl,
  mayEnter,
  clock,
  log,
}: DoorListenerOptions): DoorListener {
  const seen: SeenAtDoor[] = [];
  let host: string | undefined;
  const server = serve(port, async (request, waitLonger) => {
    const path = new URL(request.url).pathname;
    const refusal = refusalOf(
      { method: request.method, url: request.url, host: request.headers.get("host") },
      { tool, host },
    );
    if (refusal) return refused(refusal);
    const answer = await answered(request, waitLonger);
    seen.push({ atMs: clock.nowMs(), status: answer.status, path });
    if (seen.length > MOST_SEEN) seen.shift();
    return answer;
  });

  async function answered(request: Request, waitLonger: () => void): Promise<Response> {
    const token = bearerOf(request.headers.get("authorization"));
    if (token === undefined || !(await mayEnter(token, tool))) return refused(UNKNOWN_KEY);
    // A model may think for minutes; the gateway has its own limits.
    waitLonger();
    try {
      return await passedOn(request, gatewayUrl);
    } catch (error) {
      if (!request.signal.aborted) log.warn("door.gateway_failed", { error });
      return refused(NO_GATEWAY);
    }
  }

  return {
    url: `http://127.0.0.1:${server.port ?? port}`,
    port: server.port ?? port,
    serveFor(next) {
      host = next?.toLowerCase();
    },
    seen: () => [...seen],
    stop: () => server.stop(true),
  };
}

const UNKNOWN_KEY: Refusal = {
  status: 401,
  code: "invalid_virtual_key",
  message: "the request does not hold a virtual key that may come in here",
};
const NO_GATEWAY: Refusal = { status: 502, code: "not_running", message: "the gateway does not answer" };

function serve(port: number, answer: (request: Request, waitLonger: () => void) => Promise<Response>) {
  try {
    return Bun.serve({
      hostname: "127.0.0.1",
      port,
      maxRequestBodySize: LARGEST_BODY_BYTES,
      fetch(request, server) {
        server.timeout(request, STRANGER_SECONDS);
        return answer(request, () => server.timeout(request, 0));
      },
      error: () => new Response(null, { status: 500 }),
    });
  } catch (error) {
    throw new AppError("address_in_use", `port ${port} is taken by another program`, {
      hint: "choose another one with --door-port",
      cause: error,
    });
  }
}

async function passedOn(request: Request, gatewayUrl: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of [...DROPPED, ...named(headers.get("connection"))]) headers.delete(name);
  // `proxy`, `tls` and `decompress` are Bun's: nothing of the environment's, our own certificate, bytes as they are.
  const init = {
    method: request.method,
    headers,
    body: request.body,
    redirect: "manual",
    signal: request.signal,
    proxy: false,
    tls: { rejectUnauthorized: false },
    decompress: false,
  };
  const answer = await fetch(gatewayUrl + pathname + search, init as unknown as RequestInit);
  const kept = new Headers(answer.headers);
  for (const name of DROPPED) kept.delete(name);
  return new Response(answer.body, { status: answer.status, headers: kept });
}

function named(connection: string | null): string[] {
  return (connection ?? "").split(",").flatMap((name) => {
    const bare = name.trim();
    return /^[A-Za-z0-9-]+$/.test(bare) ? [bare] : [];
  });
}

function refused({ status, code, message }: Refusal): Response {
  return Response.json(
    { error: { message, type: "invalid_request_error", param: null, code } },
    { status, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" } },
  );
}
