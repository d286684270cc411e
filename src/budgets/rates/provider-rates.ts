import { AppError, type Clock } from "../../kernel/index.ts";
import { isRateHeader, type Provider, type ProviderRate, readProviderRates } from "../../providers/index.ts";

/** What a provider last told of its own limits, for one of its keys and one model. */
export interface SeenRates {
  readonly model: string | null;
  readonly rates: readonly ProviderRate[];
  /** Wall clock. */
  readonly seenAtMs: number;
  /** Until then nothing is sent; `null` = there is something left. */
  readonly pausedUntilMs: number | null;
}

/** Where an attempt goes. */
export interface Target {
  readonly keyId: string;
  readonly model: string | null;
}

/** Names in lower case. */
type Headers = readonly (readonly [string, string])[];

type Refilling = Pick<Provider, "rateRefill">;

/** An answer that tells of limits. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly provider: Refilling;
}

interface Known {
  headers: Headers;
  seenAtMs: number;
  /** Monotonic. */
  pausedUntilMs: number;
}

/** Whatever a provider says, after so long it is tried again: what is wrong must not lock a key. */
export const LONGEST_PAUSE_MS = 5 * 60_000;
/** Who is to wait no longer than this stops nobody: it is over when the next request is there. */
const SHORTEST_PAUSE_MS = 1_000;
/** Callers name models as they like. */
const MOST_MODELS = 50;

/**
 * What providers tell of their own limits, by key and model, since that is how they count. It is looked at when nothing
 * is left or somebody asks; and while nothing is left nothing is sent, as the provider would only refuse it.
 */
export class ProviderRates {
  readonly #clock: Clock;
  readonly #known = new Map<string, Map<string | null, Known>>();
  /** Keys with news since {@link news}. */
  #changed = new Set<string>();
  /** No pause is longer: before anything is looked up. */
  #lastPauseMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether any key is paused, so that most requests need not look. */
  get isPausing(): boolean {
    return this.#lastPauseMs > 0 && this.#clock.monotonicMs() < this.#lastPauseMs;
  }

  /** @throws AppError `rate_limited` while the provider has nothing left for this key and model. */
  assertOpen({ keyId, model }: Target): void {
    const nowMs = this.#clock.monotonicMs();
    const waitMs = (this.#known.get(keyId)?.get(model)?.pausedUntilMs ?? 0) - nowMs;
    if (waitMs <= 0) return;
    throw new AppError("rate_limited", "the provider's own limit for this key is used up", {
      hint: `try again in ${Math.ceil(waitMs / 1000)} s`,
      retryable: true,
      details: { limit: "provider", retryAfterMs: Math.ceil(waitMs) },
    });
  }

  /** Notes the headers of an answer that tells of limits. One that is no refusal may have used up what there was. */
  answered(target: Target, { status, headers, provider }: Told): void {
    const known = this.#of(target);
    known.headers = headers.filter(
      ([name]) => isRateHeader(name) || name === "date" || name.startsWith("retry-after"),
    );
    known.seenAtMs = this.#clock.nowMs();
    if (status < 400) this.#pause(known, pauseMs(known.headers, provider));
  }

  /** The provider has refused a request for its rate, and said how long to wait: by a header of its own, or by its limits. */
  refused(target: Target, provider: Refilling, retryAfterMs: number | undefined): void {
    if (retryAfterMs === undefined || !(retryAfterMs > SHORTEST_PAUSE_MS)) return;
    const known = this.#of(target);
    known.seenAtMs = this.#clock.nowMs();
    const isSaid = known.headers.some(([name]) => name.startsWith("retry-after"));
    const byLimits = isSaid ? 0 : pauseMs(known.headers, provider);
    this.#pause(known, byLimits > 0 ? Math.min(byLimits, retryAfterMs) : retryAfterMs);
  }

  /** What was told for a key; the model seen last comes last. */
  seen(keyId: string): SeenRates[] {
    const aheadMs = this.#clock.nowMs() - this.#clock.monotonicMs();
    const nowMs = this.#clock.monotonicMs();
    return [...(this.#known.get(keyId) ?? [])].map(([model, { headers, seenAtMs, pausedUntilMs }]) => ({
      model,
      rates: readProviderRates(headers),
      seenAtMs,
      pausedUntilMs: pausedUntilMs > nowMs ? Math.round(pausedUntilMs + aheadMs) : null,
    }));
  }

  /** Keys of which something was told since the last call. */
  news(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #of({ keyId, model }: Target): Known {
    this.#changed.add(keyId);
    let models = this.#known.get(keyId);
    if (models === undefined) this.#known.set(keyId, (models = new Map<string | null, Known>()));
    const known = models.get(model) ?? { headers: [], seenAtMs: 0, pausedUntilMs: 0 };
    models.delete(model);
    models.set(model, known);
    for (const first of models.keys()) {
      if (models.size <= MOST_MODELS) break;
      models.delete(first);
    }
    return known;
  }

  #pause(known: Known, forMs: number): void {
    if (!(forMs > 0)) return;
    const untilMs = this.#clock.monotonicMs() + Math.min(forMs, LONGEST_PAUSE_MS);
    // An older answer that comes late does not shorten what a newer one has said.
    known.pausedUntilMs = Math.max(known.pausedUntilMs, untilMs);
    this.#lastPauseMs = Math.max(this.#lastPauseMs, known.pausedUntilMs);
  }
}

/**
 * Until something is left again. Where a limit comes free continuously, the first request of it does long before all
 * of it: to wait for the reset would waste what is there.
 */
function pauseMs(headers: Headers, { rateRefill }: Refilling): number {
  if (!headers.some(([, value]) => value.trim() === "0")) return 0;
  const waits = readProviderRates(headers).map(({ limit, remaining, resetMs }) => {
    if (remaining !== 0 || resetMs === null || resetMs <= SHORTEST_PAUSE_MS) return 0;
    const waitMs = rateRefill === "continuous" && limit !== null ? resetMs / limit : resetMs;
    return Math.max(waitMs, SHORTEST_PAUSE_MS);
  });
  return Math.max(0, ...waits);
}
