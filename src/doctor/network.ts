import { AppError, type Clock } from "../kernel/index.ts";
import type { ConnectionSettings } from "../providers/index.ts";

/** How far the way to a provider goes, without any key. */
export interface Reach {
  /** Where it ends; `answered` when it does not. */
  readonly step: "name" | "address" | "connect" | "certificate" | "answer" | "answered";
  /** Why it ends there. */
  readonly problem?: string;
  readonly certificateUntilMs?: number;
  /** The provider's clock minus this machine's, as far as its Date header tells: ± half a second and the way. */
  readonly clockOffsetMs?: number;
  readonly durationMs: number;
}

/** Goes the way to an address step by step; never throws. */
export interface NetworkProbe {
  reach(url: string, settings: ConnectionSettings): Promise<Reach>;
}

export interface NetworkProbeOptions {
  /** The outbound fetch of the gateway: checked addresses, no redirects, no proxy of the environment. */
  readonly fetch: (url: string, init: RequestInit, settings: ConnectionSettings) => Promise<Response>;
  readonly resolveHost: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
  /** For each step; default 5 000. */
  readonly limitMs?: number;
}

export function createNetworkProbe(options: NetworkProbeOptions): NetworkProbe {
  const { fetch, clock, limitMs = 5_000 } = options;
  return {
    async reach(text, settings) {
      const url = new URL(text);
      const startMs = clock.monotonicMs();
      const after = (reach: Omit<Reach, "durationMs">): Reach => ({
        ...reach,
        durationMs: Math.round(clock.monotonicMs() - startMs),
      });
      try {
        const response = await fetch(
          text,
          { method: "HEAD", signal: AbortSignal.timeout(limitMs) },
          settings,
        );
        await response.body?.cancel();
        const toldMs = Date.parse(response.headers.get("date") ?? "");
        const certificate = await certificateOf(url, options.resolveHost, limitMs).catch(() => undefined);
        return after({
          step: "answered",
          ...(Number.isNaN(toldMs) ? {} : { clockOffsetMs: toldMs - clock.nowMs() }),
          ...(certificate === undefined ? {} : { certificateUntilMs: certificate.untilMs }),
        });
      } catch (error) {
        if (error instanceof AppError && error.code === "not_allowed") {
          return after({ step: "address", problem: error.message });
        }
        return after(await whereItEnds(url, options.resolveHost, limitMs));
      }
    },
  };
}

type Resolve = NetworkProbeOptions["resolveHost"];

/** The same way by hand, to tell a name that is not found from a port that is closed and a certificate that is wrong. */
async function whereItEnds(url: URL, resolve: Resolve, limitMs: number): Promise<Omit<Reach, "durationMs">> {
  let address: string | undefined;
  try {
    [address] = await addressesOf(url, resolve);
  } catch (error) {
    return { step: "name", problem: codeOf(error) };
  }
  if (address === undefined) return { step: "name", problem: "it has no address" };
  try {
    const { connect } = await import("node:net");
    await connected(connect({ host: address, port: portOf(url) }), "connect", limitMs, () => {});
  } catch (error) {
    return { step: "connect", problem: codeOf(error) };
  }
  if (url.protocol === "https:") {
    try {
      const { problem } = await handshake(url, address, limitMs);
      if (problem !== undefined) return { step: "certificate", problem };
    } catch (error) {
      return { step: "certificate", problem: codeOf(error) };
    }
  }
  return { step: "answer", problem: "no answer came" };
}

async function certificateOf(url: URL, resolve: Resolve, limitMs: number) {
  const [address] = url.protocol === "https:" ? await addressesOf(url, resolve) : [];
  return address === undefined ? undefined : await handshake(url, address, limitMs);
}

async function handshake(
  url: URL,
  host: string,
  limitMs: number,
): Promise<{ readonly untilMs: number; readonly problem?: string }> {
  // Only now: the running program has no use for it unless somebody asks the doctor.
  const { connect } = await import("node:tls");
  const name = bareHost(url);
  // Looked at by hand below, so that the reason can be told; nothing is sent over it.
  const socket = connect({
    host,
    port: portOf(url),
    ...(/[a-z]/i.test(name) ? { servername: name } : {}),
    rejectUnauthorized: false,
  });
  return await connected(socket, "secureConnect", limitMs, () => {
    const untilMs = Date.parse(socket.getPeerCertificate().valid_to);
    const problem = socket.authorized ? undefined : String(socket.authorizationError);
    return { untilMs, ...(problem === undefined ? {} : { problem }) };
  });
}

interface Socket {
  once(event: string, listener: (error: Error) => void): unknown;
  setTimeout(limitMs: number, listener: () => void): unknown;
  destroy(): unknown;
}

async function connected<Result>(
  socket: Socket,
  event: "connect" | "secureConnect",
  limitMs: number,
  look: () => Result,
): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  socket.once(event, () => {
    try {
      resolve(look());
    } catch (error) {
      reject(error);
    }
  });
  socket.once("error", reject);
  const timer = setTimeout(() => reject(Object.assign(new Error("late"), { code: "ETIMEDOUT" })), limitMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function addressesOf(url: URL, resolve: Resolve): Promise<readonly string[]> {
  const name = bareHost(url);
  return /^[\d.]+$|:/.test(name) ? [name] : await resolve(name);
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : "it failed";
}
