import type { Admission, ProviderRates, Rates, Reservation } from "../budgets/index.ts";
import { AppError, type Clock, type Log, type Secret, toAppError, type Usage } from "../kernel/index.ts";
import type { AttemptEnd, AttemptRef, Ledger } from "../ledger/index.ts";
import {
  createOutputFollower,
  type CreateMeter,
  type Meter,
  type MeterOptions,
  type MeterResult,
  type MeterWhole,
  type OutputFollower,
  type Pricing,
  totalInput,
} from "../usage/index.ts";
import { answerPrice } from "./answer-price.ts";
import { createAnswerCopy, type AnswerCopy } from "./answer-copy.ts";
import type { Destinations } from "./destination.ts";
import type { Budgeting } from "./budgeting.ts";
import { costSoFar, type Funded, fund } from "./funding.ts";
import { failureAnswer } from "./failure.ts";
import { isRedirect, neverConnected, type Outbound } from "./forward.ts";
import type { HeaderPairs } from "./header-pairs.ts";
import { answerHeaders } from "./headers.ts";
import { createKeyFilter, type KeyFilter } from "./hide-key.ts";
import { createUsageChunkFilter, type UsageChunkFilter } from "./hide-usage-chunk.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { Directory, GatewaySettings } from "./parts.ts";
import type { Plan } from "./plan.ts";
import { assertProviderOpen, noteProviderRates, noteProviderRefusal } from "./provider-limits.ts";
import { admitAttempt, tokensUsed } from "./rate-admission.ts";
import { pricedAs } from "./priced-model.ts";
import { reservation } from "./reservation.ts";
import { settlementOf } from "./settlement.ts";
import { ownObjects } from "./own-list.ts";
import type { StoredObjects } from "./stored-objects.ts";
import { tap } from "./tap.ts";
import type { Limited, TimeLimits } from "./time-limits.ts";
import type { UpstreamAnswer } from "./upstream/answer.ts";
import { type UpstreamBody, wholeBody } from "./upstream/body.ts";
import type { Exchange } from "./upstream/exchange.ts";
import type { Upstream } from "./upstream/upstream.ts";
import { UpstreamError } from "./upstream/upstream-error.ts";

export interface AttemptParts {
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly pricing: Pricing;
  /** Absent where there are no budgets. */
  readonly budgets?: Budgeting | undefined;
  readonly createMeter: CreateMeter;
  readonly meterWhole: MeterWhole;
  readonly storedObjects: StoredObjects;
  readonly destinations: Destinations;
  readonly upstream: Upstream;
  readonly clock: Clock;
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

/** Answers up to this size, of known length, are passed in one piece. */
const SMALL_ANSWER_BYTES = 256 * 1024;

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
  const funded = funding instanceof Promise ? await funding : funding;
  const priceVersion = parts.pricing.version;
  const reserved = reservation({ plan, funded, number, nowMs, priceVersion });
  let ref: AttemptRef;
  try {
    ref = await parts.ledger.reserve(reserved);
  } catch (error) {
    // What could not be recorded is not sent, and holds nothing.
    funded.reservation?.settle(0n);
    throw error;
  }
  const attempt = new Attempt(parts, plan, { ref, funded, priceVersion, admission });
  try {
    const { method, url } = plan;
    const { body } = funded;
    parts.onUse.began(reserved.virtualKeyId, reserved.providerKeyId, nowMs);
    const answer = await attempt.start({ method, url, destination, headers, body });
    const passed = attempt.pass(answer, key);
    return passed instanceof Promise ? await passed : passed;
  } catch (error) {
    throw attempt.failed(error);
  }
}

/**
 * What happens between reservation and settlement. Whatever comes first (the end, the caller leaving, a cut, a time
 * limit) settles, once; everything later is ignored.
 */
export class Attempt implements Limited {
  deadlineMs = Number.POSITIVE_INFINITY;
  private readonly parts: AttemptParts;
  private readonly plan: Plan;
  private readonly ref: AttemptRef;
  private readonly reservedNanos: bigint | null;
  private readonly admission: Admission | undefined;
  private readonly reservation: Reservation | undefined;
  private readonly proven: boolean;
  private readonly mostInputTokens: number;
  private readonly priceVersion: string;
  /** For soft budgets: what a stream has brought so far. */
  private follower: OutputFollower | undefined;
  private exchange: Exchange | undefined;
  private readonly lastMomentMs: number;
  private readonly onClientGone = () => this.abort("client_gone");
  /** Of an answer that streams. */
  private meter: Meter | undefined;
  /** Of an answer in one piece. */
  private metered: MeterResult | Promise<MeterResult> | undefined;
  private copy: AnswerCopy | undefined;
  private status: number | null = null;
  /** Handed on: what came before cannot have cost anything. */
  private left = false;
  private bytesOut = 0;
  private firstByteMs: number | null = null;
  private ended: AttemptEnd | undefined;

  constructor(
    parts: AttemptParts,
    plan: Plan,
    held: { ref: AttemptRef; funded: Funded; priceVersion: string; admission: Admission | undefined },
  ) {
    this.parts = parts;
    this.plan = plan;
    this.ref = held.ref;
    this.admission = held.admission;
    this.reservedNanos = held.funded.reservedNanos;
    this.reservation = held.funded.reservation;
    this.proven = held.funded.proven;
    this.priceVersion = held.priceVersion;
    this.mostInputTokens = held.funded.mostInputTokens;
    this.lastMomentMs = plan.startedMonotonicMs + parts.settings.totalLimitMs;
  }

  /** A hard budget pays. */
  private get isHard(): boolean {
    return (this.reservation?.hardNanos ?? 0n) > 0n;
  }

  /** Sends the request, unless the caller has gone. */
  start(outbound: Outbound): Promise<UpstreamAnswer> {
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
    return this.exchange.answer;
  }

  /** Turns the provider's answer into the caller's; `key` is what it must not repeat. */
  pass(answer: UpstreamAnswer, key: Secret): Response | Promise<Response> {
    this.status = answer.status;
    noteProviderRates(this.parts.providerRates, this.plan, answer);
    // An answer may take minutes, and the body is the large part of a request.
    this.plan.body = null;
    if (isRedirect(answer.status)) {
      this.finish("refused");
      this.exchange?.abort();
      throw new AppError("provider_unreachable", `the provider answered with a redirect (${answer.status})`, {
        hint: "it is never followed; set the connection's base URL to where the provider really is",
      });
    }
    const contentType = answer.headers.get("content-type");
    const contentEncoding = answer.headers.get("content-encoding");
    const { provider, rule, hideUsage } = this.plan;
    this.copy = createAnswerCopy(this.plan, answer, this.parts.storedObjects);
    const isMetered = answer.status < 400 && rule.free !== true;
    const metering = isMetered ? { provider, kind: rule.kind, contentType, contentEncoding } : undefined;
    const eventStream = contentType?.startsWith("text/event-stream") === true;
    const filter =
      hideUsage && eventStream && contentEncoding === null ? createUsageChunkFilter() : undefined;
    const isGood = answer.status >= 200 && answer.status < 300;
    const isOwnList = this.plan.filterList && isGood;
    const mayRepeatKey = !isGood || rule.kind === "other";
    const hidden = mayRepeatKey ? createKeyFilter(key) : undefined;
    const headers = answerHeaders(answer.headers, {
      requestId: this.plan.requestId,
      edited: filter !== undefined || isOwnList,
      connection: this.plan.connection,
      callerUrl: this.plan.callerUrl,
      key,
    });
    const init = { status: answer.status, headers };
    if (isOwnList) return this.ownList(answer, init);
    const { body } = answer;
    if (body === null) {
      this.finish("complete");
      return new Response(null, init);
    }
    if (eventStream && isGood && this.reservation?.hasSoft === true && contentEncoding === null)
      this.follower = createOutputFollower();
    if (body.length === undefined || body.length > SMALL_ANSWER_BYTES || eventStream) {
      this.meter = metering && this.parts.createMeter(metering);
      return new Response(this.tapped(body, hidden ?? filter), init);
    }
    const bytes = wholeBody(body);
    return bytes instanceof Promise
      ? this.wholeLater(bytes, { metering, hidden, init })
      : this.whole(bytes, { metering, hidden, init });
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
    this.finish(end);
    this.exchange?.abort();
  }

  private whole(bytes: Uint8Array, { metering, hidden, init }: WholeAnswer): Response {
    this.take(bytes);
    this.metered = metering && this.parts.meterWhole(metering, bytes);
    this.finish("complete");
    return new Response(hidden === undefined ? bytes : wholly(hidden, bytes), init);
  }

  private async wholeLater(bytes: Promise<Uint8Array>, answer: WholeAnswer): Promise<Response> {
    return this.whole(await bytes, answer);
  }

  private async ownList(answer: UpstreamAnswer, init: ResponseInit): Promise<Response> {
    const { caller, connection } = this.plan;
    const { storedObjects } = this.parts;
    const text = await ownObjects(answer, async (id) => {
      return (await storedObjects.ownerOf(connection.id, id)) === caller.virtualKey.id;
    });
    this.bytesOut = Buffer.byteLength(text);
    this.finish("complete");
    return new Response(text, init);
  }

  private tapped(
    body: UpstreamBody,
    filter: UsageChunkFilter | KeyFilter | undefined,
  ): ReadableStream<Uint8Array> {
    const passing = (bytes: Uint8Array) => {
      this.bytesOut += bytes.length;
      return bytes;
    };
    return tap(body, {
      asked: () => this.limit(this.parts.settings.silenceLimitMs),
      piece: (bytes) => {
        // While the caller takes its time, only the limit for the whole request counts.
        this.deadlineMs = this.lastMomentMs;
        this.take(bytes, filter !== undefined);
        if (this.follower !== undefined) this.follow(this.follower, bytes);
        return filter === undefined ? bytes : passing(filter.push(bytes));
      },
      end: () => {
        const rest = filter === undefined ? NOTHING : passing(filter.flush());
        this.finish("complete");
        return rest;
      },
      cut: () => this.abort("upstream_cut"),
      gone: () => this.abort("client_gone"),
    });
  }

  private take(bytes: Uint8Array, edited = false): void {
    this.firstByteMs ??= this.parts.clock.monotonicMs() - this.plan.startedMonotonicMs;
    if (!edited) this.bytesOut += bytes.length;
    this.meter?.push(bytes);
    this.copy?.push(bytes);
  }

  /** Ends the answer when a soft budget has ended. */
  private follow(follower: OutputFollower, bytes: Uint8Array): void {
    follower.push(bytes);
    const { pricing, clock } = this.parts;
    const cost = costSoFar(pricing, this.plan, { atMs: clock.nowMs(), outputTokens: follower.tokens });
    if (cost === null || this.reservation?.follow(cost) !== false) return;
    this.abort("budget_ended");
    throw new AppError("budget_exceeded", "a soft budget has ended");
  }

  private limit(forMs: number): void {
    this.deadlineMs = Math.min(this.parts.clock.monotonicMs() + forMs, this.lastMomentMs);
  }

  private finish(end: AttemptEnd): void {
    if (this.ended !== undefined) return;
    this.ended = end === "complete" && (this.status ?? 0) >= 400 ? "refused" : end;
    const { running, settling, limits } = this.parts;
    running.delete(this);
    limits.release(this);
    this.copy?.end();
    this.reservation?.end();
    this.admission?.end(this.left && end !== "unreachable");
    settling.add(this);
    void this.settle(this.ended);
  }

  /** Never rejects. */
  private async settle(end: AttemptEnd): Promise<void> {
    try {
      const metered = this.metered ?? this.meter?.finish() ?? null;
      const chargedNanos = await this.book(end, metered instanceof Promise ? await metered : metered);
      // Behind the row: the room that this makes must not be used before the ledger knows of it.
      this.reservation?.settle(chargedNanos);
    } catch (error) {
      this.admission?.settle(null);
      // The row stays reserved and counts in full, here as there.
      this.reservation?.settle(this.reservedNanos ?? 0n);
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
    const { clock, ledger, metrics } = this.parts;
    const endedAtMs = clock.nowMs();
    const durationMs = clock.monotonicMs() - this.plan.startedMonotonicMs;
    metrics.attemptEnded(end, this.status, durationMs, this.firstByteMs);
    const { costNanos, estimated } = settlementOf({
      end,
      status: this.status,
      left: this.left,
      kind: this.plan.rule.kind,
      choices: this.plan.choices,
      free: this.plan.rule.free === true,
      isHard: this.isHard,
      reservedNanos: this.reservedNanos,
      meter,
      price: (metered) => this.price(metered, endedAtMs),
    });
    const usage = meter?.usage ?? null;
    this.admission?.settle(tokensUsed(this.plan, this.status, estimated ? null : usage));
    const verdict = this.verdict(meter);
    this.parts.onUse.ended(this.plan.providerKey.id, verdict);
    // As the ledger is read after a crash: what nobody can price counts with its reservation.
    const chargedNanos = costNanos ?? this.reservedNanos ?? 0n;
    this.checkBound(chargedNanos, endedAtMs);
    if (usage !== null) this.checkFigures(usage);
    const written = ledger.settle(this.ref, {
      endedAtMs,
      end,
      status: this.status,
      verdict,
      usage,
      modelAnswered: meter?.modelAnswered ?? null,
      serviceTier: meter?.serviceTier ?? null,
      geo: meter?.geo ?? null,
      costNanos,
      estimated,
      bytesOut: this.bytesOut,
      firstByteMs: this.firstByteMs === null ? null : Math.round(this.firstByteMs),
      durationMs: Math.round(durationMs),
    });
    return written.then(() => chargedNanos);
  }

  /** A cost beyond what was proven possible is an alarm: a bound or a price is wrong, unless the price was set meanwhile. */
  private checkBound(costNanos: bigint, atMs: number): void {
    const reservedNanos = this.reservation?.hardNanos ?? 0n;
    if (!this.proven || costNanos <= reservedNanos || this.priceVersion !== this.parts.pricing.version)
      return;
    this.parts.budgets?.overrun({
      requestId: this.plan.requestId,
      connectionId: this.plan.connection.id,
      model: this.plan.modelPriced ?? "",
      reservedNanos,
      costNanos,
      atMs,
    });
  }

  /** What cannot be true is told, also where it has cost nothing more: figures, or what they were held against, are wrong. */
  private checkFigures(usage: Usage): void {
    const { requestId, connection, modelPriced: model } = this.plan;
    const about = { requestId, connection: connection.name, model };
    if (usage.clamped === true) this.parts.log.warn("gateway.usage_not_believed", about);
    else if (totalInput(usage) > this.mostInputTokens) {
      const inputTokens = totalInput(usage);
      this.parts.log.warn("gateway.input_beyond_bound", {
        ...about,
        inputTokens,
        mostInputTokens: this.mostInputTokens,
      });
    }
  }

  private price(meter: MeterResult, atMs: number): bigint | null {
    const { usage, modelAnswered, serviceTier, geo } = meter;
    if (usage === null) return null;
    return answerPrice({
      asked: this.plan.modelPriced,
      answered: modelAnswered,
      isHard: this.isHard,
      costAs: (model) => {
        const priced = pricedAs(model, this.plan, atMs);
        return this.parts.pricing.cost({ ...priced, usage, serviceTier, geo, batch: false });
      },
    });
  }

  private verdict(meter: MeterResult | null): string | null {
    if (this.status === null) return this.ended === "unreachable" ? "unreachable" : null;
    if (this.status < 400) return meter?.errorSeen === true ? "unknown" : "ok";
    const verdict = this.copy?.verdict();
    if (verdict !== undefined) noteProviderRefusal(this.parts.providerRates, this.plan, verdict);
    return verdict?.name ?? "unknown";
  }
}

interface WholeAnswer {
  readonly metering: MeterOptions | undefined;
  readonly hidden: KeyFilter | undefined;
  readonly init: ResponseInit;
}

function wholly(filter: KeyFilter, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([filter.push(bytes), filter.flush()]);
}

const NOTHING = new Uint8Array(0);
const ONCE = { once: true } as const;
