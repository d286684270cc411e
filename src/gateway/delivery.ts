import type { Clock, Secret } from "../kernel/index.ts";
import type { AttemptEnd } from "../ledger/index.ts";
import type { Verdict } from "../providers/index.ts";
import {
  createOutputFollower,
  type CreateMeter,
  type Meter,
  type MeterOptions,
  type MeterResult,
  type MeterWhole,
  type OutputFollower,
} from "../usage/index.ts";
import { createAnswerCopy, type AnswerCopy } from "./answer-copy.ts";
import { answerHeaders } from "./headers.ts";
import { createKeyFilter, type KeyFilter } from "./hide-key.ts";
import { createUsageChunkFilter, type UsageChunkFilter } from "./hide-usage-chunk.ts";
import { ownObjects } from "./own-list.ts";
import type { Plan } from "./plan.ts";
import type { StoredObjects } from "./stored-objects.ts";
import { tap } from "./tap.ts";
import type { UpstreamAnswer } from "./upstream/answer.ts";
import { type UpstreamBody, wholeBody } from "./upstream/body.ts";

export interface DeliveryParts {
  readonly createMeter: CreateMeter;
  readonly meterWhole: MeterWhole;
  readonly storedObjects: StoredObjects;
  readonly clock: Clock;
}

/** The attempt whose answer it is. */
export interface Recipient {
  /** The next piece is asked of the provider. */
  asked(): void;
  /** A piece is here, and the caller may take its time with it. */
  came(): void;
  /** A stream that is followed has brought so many tokens. Throws when it must not go on. */
  wrote(outputTokens: number): void;
  finish(end: AttemptEnd): void;
  abort(end: AttemptEnd): void;
}

export interface DeliveryOptions {
  readonly plan: Plan;
  readonly answer: UpstreamAnswer;
  /** The provider's key, which the answer must not repeat. */
  readonly key: Secret;
  readonly recipient: Recipient;
  /** Tokens are counted while they come. */
  readonly followed: boolean;
}

/** Answers up to this size, of known length, are passed in one piece. */
const SMALL_ANSWER_BYTES = 256 * 1024;

/** A provider's answer on its way to the caller: metered as it passes, and edited only where it has to be. */
export class Delivery {
  readonly status: number;
  bytesOut = 0;
  /** Monotonic time of the answer's first piece. */
  firstByteAtMs: number | undefined;
  private readonly parts: DeliveryParts;
  private readonly options: DeliveryOptions;
  private readonly copy: AnswerCopy | undefined;
  /** Of an answer that streams. */
  private meter: Meter | undefined;
  /** Of an answer in one piece. */
  private whole: MeterResult | Promise<MeterResult> | undefined;
  private follower: OutputFollower | undefined;

  constructor(parts: DeliveryParts, options: DeliveryOptions) {
    const { plan, answer } = options;
    this.parts = parts;
    this.options = options;
    this.status = answer.status;
    this.copy = createAnswerCopy(plan, answer, parts.storedObjects);
  }

  /** The caller's answer. */
  start(): Response | Promise<Response> {
    const { plan, answer, key, followed, recipient } = this.options;
    const { provider, rule, connection, callerUrl, requestId } = plan;
    const { status, body } = answer;
    const contentType = answer.headers.get("content-type");
    const contentEncoding = answer.headers.get("content-encoding");
    const isEvents = contentType?.startsWith("text/event-stream") === true;
    const isPlainEvents = isEvents && contentEncoding === null;
    const isGood = status >= 200 && status < 300;
    const isOwnList = plan.filterList && isGood;
    const usageFilter = plan.hideUsage && isPlainEvents ? createUsageChunkFilter() : undefined;
    const mayRepeatKey = !isGood || rule.kind === "other";
    const keyFilter = mayRepeatKey ? createKeyFilter(key) : undefined;
    const edited = usageFilter !== undefined || isOwnList;
    const headers = answerHeaders(answer.headers, { requestId, edited, connection, callerUrl, key });
    const init = { status, headers };
    if (isOwnList) return this.ownList(init);
    if (body === null) {
      recipient.finish("complete");
      return new Response(null, init);
    }
    const isMetered = status < 400 && rule.free !== true;
    const metering = isMetered ? { provider, kind: rule.kind, contentType, contentEncoding } : undefined;
    if (body.length === undefined || body.length > SMALL_ANSWER_BYTES || isEvents) {
      if (followed && isGood && isPlainEvents) this.follower = createOutputFollower();
      this.meter = metering && this.parts.createMeter(metering);
      return new Response(this.stream(body, keyFilter ?? usageFilter), init);
    }
    const bytes = wholeBody(body);
    return bytes instanceof Promise
      ? bytes.then((late) => this.inOnePiece(late, { metering, keyFilter, init }))
      : this.inOnePiece(bytes, { metering, keyFilter, init });
  }

  /** What the answer has used, once it has ended; `null` when it is not metered. */
  metered(): MeterResult | Promise<MeterResult> | null {
    return this.whole ?? this.meter?.finish() ?? null;
  }

  /** What an error answer says of the key. */
  verdict(): Verdict | undefined {
    return this.copy?.verdict();
  }

  /** Nothing more comes. */
  end(): void {
    this.copy?.end();
  }

  private inOnePiece(bytes: Uint8Array, { metering, keyFilter, init }: OnePiece): Response {
    this.take(bytes);
    this.bytesOut = bytes.length;
    this.whole = metering && this.parts.meterWhole(metering, bytes);
    this.options.recipient.finish("complete");
    return new Response(keyFilter === undefined ? bytes : wholly(keyFilter, bytes), init);
  }

  private async ownList(init: ResponseInit): Promise<Response> {
    const { plan, answer, recipient } = this.options;
    const { caller, connection } = plan;
    const text = await ownObjects(answer, async (id) => {
      return (await this.parts.storedObjects.ownerOf(connection.id, id)) === caller.virtualKey.id;
    });
    this.bytesOut = Buffer.byteLength(text);
    recipient.finish("complete");
    return new Response(text, init);
  }

  private stream(
    body: UpstreamBody,
    filter: UsageChunkFilter | KeyFilter | undefined,
  ): ReadableStream<Uint8Array> {
    const { recipient } = this.options;
    const passing = (bytes: Uint8Array) => {
      this.bytesOut += bytes.length;
      return bytes;
    };
    return tap(body, {
      asked: () => recipient.asked(),
      piece: (bytes) => {
        recipient.came();
        this.take(bytes);
        if (this.follower !== undefined) this.follow(this.follower, bytes);
        return passing(filter === undefined ? bytes : filter.push(bytes));
      },
      end: () => {
        const rest = filter === undefined ? NOTHING : passing(filter.flush());
        recipient.finish("complete");
        return rest;
      },
      cut: () => recipient.abort("upstream_cut"),
      gone: () => recipient.abort("client_gone"),
    });
  }

  private take(bytes: Uint8Array): void {
    this.firstByteAtMs ??= this.parts.clock.monotonicMs();
    this.meter?.push(bytes);
    this.copy?.push(bytes);
  }

  private follow(follower: OutputFollower, bytes: Uint8Array): void {
    follower.push(bytes);
    this.options.recipient.wrote(follower.tokens);
  }
}

interface OnePiece {
  readonly metering: MeterOptions | undefined;
  readonly keyFilter: KeyFilter | undefined;
  readonly init: ResponseInit;
}

function wholly(filter: KeyFilter, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([filter.push(bytes), filter.flush()]);
}

const NOTHING = new Uint8Array(0);
