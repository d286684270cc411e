import type { ProviderRates, Rates } from "../budgets/index.ts";
import { AppError, type Clock, type Log, type NewId, toAppError } from "../kernel/index.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Dialect } from "../providers/index.ts";
import type { CreateMeter, MeterWhole, Pricing } from "../usage/index.ts";
import { type Attempt, type AttemptParts, type OnUse, runAttempt } from "./attempt.ts";
import { checkAddress } from "./allowed.ts";
import type { BodyKeeper } from "./body-keeping.ts";
import { authenticate, presentedCredentials } from "./credentials.ts";
import { createDestinations, type ResolveHost } from "./destination.ts";
import { dialectOf } from "./dialect.ts";
import { errorResponse, forCaller, isOfThisMachine } from "./errors.ts";
import type { Budgeting } from "./budgeting.ts";
import { createHostCheck } from "./host.ts";
import { localAnswer, refuseUncarried } from "./local-routes.ts";
import { createGatewayMetrics } from "./metrics.ts";
import type { Denial, Directory, GatewaySettings, ProviderRegistry, Refusal } from "./parts.ts";
import { createPlanner } from "./planner.ts";
import { requestHeaders } from "./request-headers.ts";
import type { StoredObjects } from "./stored-objects.ts";
import { badPath, createTargetReader } from "./target.ts";
import { createTimeLimits } from "./time-limits.ts";
import { together } from "./together.ts";
import type { Upstream } from "./upstream/upstream.ts";

export interface GatewayOptions {
  directory: Directory;
  ledger: Ledger;
  pricing: Pricing;
  rates: Rates;
  providerRates: ProviderRates;
  /** Absent where there are no budgets. */
  budgets?: Budgeting | undefined;
  createMeter: CreateMeter;
  meterWhole: MeterWhole;
  providers: ProviderRegistry;
  storedObjects: StoredObjects;
  bodies: BodyKeeper;
  clock: Clock;
  log: Log;
  newId: NewId;
  /** The vault's keyed hash: 32 bytes. */
  keyedHash: (purpose: string, data: Uint8Array) => Uint8Array;
  upstream: Upstream;
  resolveHost: ResolveHost;
  settings: GatewaySettings;
  onDenied: (denial: Denial) => void;
  onUse: OnUse;
  /** Told of each authenticated request; asking for its address costs a system call. */
  onAddress?: (virtualKeyId: string, address: () => string | undefined) => void;
}

/** What of the server a request needs. */
export interface ServerSide {
  readonly port: number | undefined;
  /** The path had segments of dots. They are gone from the request's URL: the server has resolved them. */
  readonly hadDots?: boolean;
  /** How long the request's connection may be silent from now on; 0 = the gateway's own limits count. */
  timeout(request: Request, seconds: number): void;
  /** At the other end of the socket; `undefined` when it is gone. */
  address(request: Request): string | undefined;
}

export interface Gateway {
  /** Answers one request; never rejects. */
  handle(request: Request, server: ServerSide): Promise<Response>;
  /** Prometheus text. */
  metrics(): string;
  /** Requests under way. */
  inFlight(): number;
  /**
   * Takes no new requests, lets those under way finish, ends after `limitMs` what is left, and resolves when all
   * are settled in the ledger.
   */
  drain(limitMs: number): Promise<void>;
}

/** The data plane: authenticate, route, reserve, forward, tap, settle. */
export function createGateway(options: GatewayOptions): Gateway {
  const { directory, bodies, clock, log, newId, onDenied, onAddress } = options;
  const hostAllowed = createHostCheck(options.settings);
  const metrics = createGatewayMetrics();
  const limits = createTimeLimits(clock);
  const running = new Set<Attempt>();
  const settling = new Set<Attempt>();
  const destinations = createDestinations(options.resolveHost, clock);
  const parts: AttemptParts = { ...options, destinations, limits, metrics, running, settling };
  const plan = createPlanner(options);
  const targetOf = createTargetReader();
  let preparing = 0;
  let draining = false;

  async function answer(request: Request, server: ServerSide, known: Known): Promise<Response> {
    const headers = requestHeaders(request);
    if (!hostAllowed(headers["host"], server.port ?? 0)) throw unknownHost();
    const { url, method } = request;
    const target = targetOf(url);
    known.dialect = dialectOf(headers, target);
    if (server.hadDots === true) throw badPath("a dot segment");
    refuseUncarried(method, headers);
    const local = localAnswer(method, target, directory, known.requestId);
    if (local !== undefined) return local;
    if (draining) throw stopping();
    await together();
    const refreshed = directory.refresh();
    if (refreshed !== undefined) await refreshed;
    const credentials = presentedCredentials(headers, target.queryKey);
    const authenticated = authenticate(directory, credentials, denied);
    const caller = authenticated instanceof Promise ? await authenticated : authenticated;
    known.virtualKeyId = caller.virtualKey.id;
    const address = () => server.address(request);
    checkAddress(caller.virtualKey.policy, address);
    onAddress?.(caller.virtualKey.id, address);
    const keeping = bodies.begin(request, headers);
    try {
      const planning = plan({ ...known, request, method, url, headers, target, caller, keeping });
      const planned = planning instanceof Promise ? await planning : planning;
      // A model may think for minutes.
      server.timeout(request, 0);
      try {
        return await runAttempt(parts, planned, 1);
      } catch (error) {
        // Nothing was sent: once more, with a reservation and a name look-up of its own.
        const again = error instanceof AppError && error.details?.["sent"] === false;
        if (!again || planned.body instanceof ReadableStream || request.signal.aborted) throw error;
        return await runAttempt(parts, planned, 2);
      }
    } finally {
      // The provider has answered, or nothing is sent to it any more.
      keeping?.end();
    }
  }

  function denied(refusal: Refusal): void {
    onDenied({ atMs: clock.nowMs(), virtualKeyId: refusal.virtualKeyId, reason: refusal.refused });
  }

  function failed(error: unknown, known: Known): Response {
    const failure = toAppError(error);
    metrics.ownError(failure.code);
    // A full disk is told once, by the ledger.
    const isForOwner = isOfThisMachine(failure) && failure.code !== "storage_full";
    if (failure.code === "internal" || isForOwner)
      log.error(`gateway.${failure.code}`, { requestId: known.requestId, error: failure });
    if (known.virtualKeyId !== undefined && failure.httpStatus === 403) {
      onDenied({
        atMs: clock.nowMs(),
        virtualKeyId: known.virtualKeyId,
        reason: String(failure.details?.["what"] ?? failure.code),
      });
    }
    return errorResponse(forCaller(failure), known.dialect, known.requestId, clock.nowMs());
  }

  function answered(response: Response): Response {
    preparing--;
    metrics.requestAnswered(response.status);
    return response;
  }

  function handle(request: Request, server: ServerSide): Promise<Response> {
    const known: Known = {
      requestId: newId("req"),
      startedAtMs: clock.nowMs(),
      startedMonotonicMs: clock.monotonicMs(),
      dialect: "openai",
      virtualKeyId: undefined,
    };
    metrics.requestStarted();
    preparing++;
    return answer(request, server, known).then(answered, (error: unknown) => answered(failed(error, known)));
  }

  const inFlight = () => Math.max(preparing, running.size);

  return {
    handle,
    inFlight,
    metrics: () => metrics.text({ inFlight: inFlight(), bodyBytes: bodies.usedBytes }),
    async drain(limitMs) {
      draining = true;
      const lastMomentMs = clock.monotonicMs() + limitMs;
      while (preparing + running.size > 0 && clock.monotonicMs() < lastMomentMs) await pause();
      for (const attempt of running) attempt.abort("time_limit");
      while (settling.size > 0) await pause();
      // A store that cannot be written any more must not keep the process from stopping.
      await options.storedObjects.flush().catch((error: unknown) => {
        log.error("gateway.objects_not_written", { error });
      });
      limits.close();
      options.upstream.close();
    },
  };
}

/** What is known of a request so far, for its answer whatever happens. */
interface Known {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly startedMonotonicMs: number;
  dialect: Dialect;
  virtualKeyId: string | undefined;
}

const DRAIN_LOOK_MS = 20;

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, DRAIN_LOOK_MS);
  });
}

function unknownHost(): AppError {
  return new AppError("unknown_host", "the Host header does not name this gateway", {
    hint: "use the URL that `ownkey up` prints, or allow the name with: ownkey up --allow-host NAME",
  });
}

function stopping(): AppError {
  return new AppError("not_running", "this gateway is stopping", {
    hint: "try again shortly",
    retryable: true,
  });
}
