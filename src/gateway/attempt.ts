import type { Admission, ProviderRates, Rates } from "../budgets/index.ts";
import { AppError, type Log, type Secret, toAppError } from "../kernel/index.ts";
import type { AttemptEnd, AttemptRef, Ledger } from "../ledger/index.ts";
import type { MeterResult, Pricing } from "../usage/index.ts";
import type { Budgeting } from "./budgeting.ts";
import { chargeOf } from "./charge.ts";
import { Delivery, type DeliveryParts, type Recipient } from "./delivery.ts";
import type { Destinations } from "./destination.ts";
import { failureAnswer } from "./failure.ts";
import { isRedirect, neverConnected, type Outbound } from "./forward.ts";
import { costSoFar, fund, type Funds } from "./funding.ts";
import type { HeaderPairs } from "./header-pairs.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { Directory, GatewaySettings } from "./parts.ts";
import type { Plan } from "./plan.ts";
import { assertProviderOpen, noteProviderRates, noteProviderRefusal } from "./provider-limits.ts";
import { admitAttempt, tokensUsed } from "./rate-admission.ts";
import { reservation } from "./reservation.ts";
import type { Limited, TimeLimits } from "./time-limits.ts";
import { together } from "./together.ts";
import type { UpstreamAnswer } from "./upstream/answer.ts";
import type { Exchange } from "./upstream/exchange.ts";
import type { Upstream } from "./upstream/upstream.ts";
import { UpstreamError } from "./upstream/upstream-error.ts";

export interface AttemptParts extends DeliveryParts {
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly pricing: Pricing;
  /** Absent where there are no budgets. */
  readonly budgets?: Budgeting | undefined;
  readonly destinations: Destinations;
  readonly upstream: Upstream;
  readonly log: Log;
  readonly limits: TimeLimits;
  readonly rates: Rates;
  readonly providerRates: ProviderRates;
  readonly settings: GatewaySettings;
  readonly metrics: GatewayMetrics;
  /** Attempts under way, and those whose settlement is being written: a graceful stop waits for both. */
  readonly running: Set<Attempt>;
  readonly settling: Set<Attempt>;
  readonly onUse: OnUse;
}

/** Told of each attempt: when it began, and what its answer said of the key once it has ended. */
export interface OnUse {
  began(virtualKeyId: string, providerKeyId: string, atMs: number): void;
  ended(providerKeyId: string, verdict: string | null): void;
}

/**
 * One try at the provider: count it in the rate limits, lend the key, reserve in budgets and ledger, forward, tap,
 * settle.
 * @throws AppError; `provider_unreachable` with `retryable` when nothing can have been charged.
 */
export function runAttempt(parts: AttemptParts, plan: Plan, number: number): Promise<Response> {
  assertProviderOpen(parts.providerRates, plan);
  const admission = admitAttempt(parts.rates, plan);
  return admission === undefined
    ? makeAttempt(parts, plan, number, undefined)
    : makeAdmitted(parts, plan, number, admission);
}

/** What ends before there is an attempt counts for nothing. */
async function makeAdmitted(
  parts: AttemptParts,
  plan: Plan,
  number: number,
  admission: Admission | Promise<Admission>,
): Promise<Response> {
  const granted = admission instanceof Promise ? await admission : admission;
  try {
    return await makeAttempt(parts, plan, number, granted);
  } catch (error) {
    granted.end(false);
    throw error;
  }
}

async function makeAttempt(
  parts: AttemptParts,
  plan: Plan,
  number: number,
  admission: Admission | undefined,
): Promise<Response> {
  const found = parts.destinations.find(plan.url, plan.connection.settings);
  const destination = found instanceof Promise ? await found : found;
  const lent = parts.directory.lend(plan.providerKey, plan.url);
  const key = lent instanceof Promise ? await lent : lent;
  // Before anything is held: whatever fails until then leaves nothing behind.
  const headers: HeaderPairs = [
    ...plan.headers,
    ...plan.provider.authHeaders(key.reveal(), plan.connection.settings, plan.call),
  ];
  const nowMs = parts.clock.nowMs();
  const funding = fund(parts, plan, nowMs);
  const { funds, body } = funding instanceof Promise ? await funding : funding;
  const priceVersion = parts.pricing.version;
  const reserved = reservation({ plan, funds, number, nowMs, priceVersion });
  let ref: AttemptRef;
  try {
    ref = await parts.ledger.reserve(reserved);
  } catch (error) {
    // What could not be recorded is not sent, and holds nothing.
    funds.reservation?.settle(0n);
    throw error;
  }
  const attempt = new Attempt(parts, plan, { ref, funds, priceVersion, admission, key });
  try {
    const { method, url } = plan;
    parts.onUse.began(reserved.virtualKeyId, reserved.providerKeyId, nowMs);
    return await attempt.run({ method, url, destination, headers, body });
  } catch (error) {
    throw attempt.failed(error);
  }
}

/** What an attempt holds from its reservation to its settlement. */
interface Held {
  readonly ref: AttemptRef;
  readonly funds: Funds;
  readonly priceVersion: string;
  readonly admission: Admission | undefined;
  /** The provider's, which the answer must not repeat. */
  readonly key: Secret;
}

/**
 * What happens between reservation and settlement. Whatever comes first (the end, the caller leaving, a cut, a time
 * limit) settles, once; everything later is ignored.
 */
export class Attempt implements Limited, Recipient {
  deadlineMs = Number.POSITIVE_INFINITY;
  private readonly parts: AttemptParts;
  private readonly plan: Plan;
  private readonly held: Held;
  private readonly lastMomentMs: number;
  private readonly onClientGone = () => this.abort("client_gone");
  private exchange: Exchange | undefined;
  private arrived: UpstreamAnswer | undefined;
  private delivery: Delivery | undefined;
  /** The caller's answer, when it was made before its turn. */
  private passed: Promise<Response> | undefined;
  /** Handed on: what came before cannot have cost anything. */
  private left = false;
  private ended: AttemptEnd | undefined;

  constructor(parts: AttemptParts, plan: Plan, held: Held) {
    this.parts = parts;
    this.plan = plan;
    this.held = held;
    this.lastMomentMs = plan.startedMonotonicMs + parts.settings.totalLimitMs;
  }

  /** The provider's; `null` while none has come. */
  private get status(): number | null {
    return this.delivery?.status ?? null;
  }

  /** Sends the request, unless the caller has gone, and gives the caller's answer. */
  async run(outbound: Outbound): Promise<Response> {
    this.parts.running.add(this);
    this.limit(this.parts.settings.firstByteLimitMs);
    this.parts.limits.watch(this);
    const { clientSignal } = this.plan;
    if (clientSignal.aborted) {
      this.onClientGone();
      throw new UpstreamError("the caller went away before anything was sent", { sent: false });
    }
    clientSignal.addEventListener("abort", this.onClientGone, ONCE);
    this.left = true;
    this.exchange = this.parts.upstream.send(outbound);
    this.arrived = await this.exchange.answer;
    await together();
    return await (this.passed ?? this.pass(this.arrived));
  }

  /** Turns the provider's answer into the caller's. */
  private pass(answer: UpstreamAnswer): Response | Promise<Response> {
    const { parts, plan } = this;
    const { key } = this.held;
    noteProviderRates(parts.providerRates, plan, answer);
    // An answer may take minutes, and the body is the large part of a request.
    plan.body = null;
    const followed = this.held.funds.reservation?.hasSoft === true;
    this.delivery = new Delivery(parts, { plan, answer, key, followed, recipient: this });
    if (!isRedirect(answer.status)) return this.delivery.start();
    this.finish("refused");
    this.exchange?.abort();
    throw new AppError("provider_unreachable", `the provider answered with a redirect (${answer.status})`, {
      hint: "it is never followed; set the connection's base URL to where the provider really is",
    });
  }

  /** Ends what could not be finished, and gives the error that the caller gets. */
  failed(error: unknown): AppError {
    if (this.ended === undefined) {
      const never = this.status === null && neverConnected(error);
      this.finish(never ? "unreachable" : "upstream_cut");
      if (never) this.parts.destinations.forget(this.plan.url, this.plan.connection.settings);
      this.exchange?.abort();
    }
    if (error instanceof AppError) return error;
    return failureAnswer(this.ended ?? "upstream_cut", this.plan.connection.name, error);
  }

  expire(): void {
    this.abort("time_limit");
  }

  abort(end: AttemptEnd): void {
    // What has come counts for what it is, also when the attempt ends before its turn.
    if (this.arrived !== undefined && this.delivery === undefined) this.passBeforeEnd(this.arrived);
    this.finish(end);
    this.exchange?.abort();
  }

  private passBeforeEnd(answer: UpstreamAnswer): void {
    this.passed = Promise.try(() => this.pass(answer));
    // Told to whoever awaits the answer, in a moment.
    this.passed.catch(() => {});
  }

  asked(): void {
    this.limit(this.parts.settings.silenceLimitMs);
  }

  came(): void {
    // While the caller takes its time, only the limit for the whole request counts.
    this.deadlineMs = this.lastMomentMs;
  }

  /** Ends the answer when a soft budget has ended. */
  wrote(outputTokens: number): void {
    const { pricing, clock } = this.parts;
    const cost = costSoFar(pricing, this.plan, { atMs: clock.nowMs(), outputTokens });
    if (cost === null || this.held.funds.reservation?.follow(cost) !== false) return;
    this.abort("budget_ended");
    throw new AppError("budget_exceeded", "a soft budget has ended");
  }

  finish(end: AttemptEnd): void {
    if (this.ended !== undefined) return;
    this.ended = end === "complete" && (this.status ?? 0) >= 400 ? "refused" : end;
    const { running, settling, limits } = this.parts;
    const { funds, admission } = this.held;
    running.delete(this);
    limits.release(this);
    this.delivery?.end();
    funds.reservation?.end();
    admission?.end(this.left && end !== "unreachable");
    settling.add(this);
    void this.settle(this.ended);
  }

  private limit(forMs: number): void {
    this.deadlineMs = Math.min(this.parts.clock.monotonicMs() + forMs, this.lastMomentMs);
  }

  /** Never rejects. */
  private async settle(end: AttemptEnd): Promise<void> {
    const { funds, admission } = this.held;
    try {
      const metered = this.delivery?.metered() ?? null;
      const chargedNanos = await this.book(end, metered instanceof Promise ? await metered : metered);
      // Behind the row: the room that this makes must not be used before the ledger knows of it.
      funds.reservation?.settle(chargedNanos);
    } catch (error) {
      admission?.settle(null);
      // The row stays reserved and counts in full, here as there.
      funds.reservation?.settle(funds.reservedNanos ?? 0n);
      this.parts.log.error("gateway.settle_failed", {
        requestId: this.plan.requestId,
        error: toAppError(error),
      });
    } finally {
      this.parts.settling.delete(this);
    }
  }

  /** Resolves with what the attempt is charged, once its row is written. */
  private book(end: AttemptEnd, meter: MeterResult | null): Promise<bigint> {
    const { parts, plan, status, left } = this;
    const { ref, funds, priceVersion, admission } = this.held;
    const { bytesOut = 0, firstByteAtMs } = this.delivery ?? {};
    const { startedMonotonicMs } = plan;
    const endedAtMs = parts.clock.nowMs();
    const durationMs = parts.clock.monotonicMs() - startedMonotonicMs;
    const firstByteMs = firstByteAtMs === undefined ? null : firstByteAtMs - startedMonotonicMs;
    parts.metrics.attemptEnded(end, status, durationMs, firstByteMs);
    const ended = { plan, funds, priceVersion, end, status, left, meter, atMs: endedAtMs };
    const { costNanos, estimated, chargedNanos } = chargeOf(parts, ended);
    const usage = meter?.usage ?? null;
    admission?.settle(tokensUsed(plan, status, estimated ? null : usage));
    const verdict = this.verdict(meter);
    parts.onUse.ended(plan.providerKey.id, verdict);
    const written = parts.ledger.settle(ref, {
      endedAtMs,
      end,
      status,
      verdict,
      usage,
      modelAnswered: meter?.modelAnswered ?? null,
      serviceTier: meter?.serviceTier ?? null,
      geo: meter?.geo ?? null,
      costNanos,
      estimated,
      bytesOut,
      firstByteMs: firstByteMs === null ? null : Math.round(firstByteMs),
      durationMs: Math.round(durationMs),
    });
    return written.then(() => chargedNanos);
  }

  private verdict(meter: MeterResult | null): string | null {
    if (this.status === null) return this.ended === "unreachable" ? "unreachable" : null;
    if (isRedirect(this.status)) return "wrong_endpoint";
    if (this.status < 400) return meter?.errorSeen === true ? "unknown" : "ok";
    const verdict = this.delivery?.verdict();
    if (verdict !== undefined) noteProviderRefusal(this.parts.providerRates, this.plan, verdict);
    return verdict?.name ?? "unknown";
  }
}

const ONCE = { once: true } as const;
