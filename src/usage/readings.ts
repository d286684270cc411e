import { isJsonObject, type Json, objectAt, parseJson, stringAt, UNKNOWN_USAGE } from "../kernel/index.ts";
import { mergeReading, type Provider, type RouteKind, type UsageReading } from "../providers/index.ts";
import { salvage } from "./fragments.ts";
import type { MeterResult } from "./metering.ts";

/** Gathers what the pieces of one answer say. */
export class Readings {
  readonly #provider: Provider;
  readonly #kind: RouteKind;
  /** `undefined` until something was read. */
  #reading: UsageReading | undefined;
  #errorSeen = false;
  #toldLast = false;

  constructor(provider: Provider, kind: RouteKind) {
    this.#provider = provider;
    this.#kind = kind;
  }

  get knowsModel(): boolean {
    return this.#reading?.modelAnswered !== undefined;
  }

  /** The newest piece told figures. */
  get toldLast(): boolean {
    return this.#toldLast;
  }

  /** Gives false when the text is no JSON; then nothing is taken from it. */
  addText(text: string, event?: string): boolean {
    return this.#addPiece(text, false, event);
  }

  /** The same of an answer as a whole. */
  addWhole(text: string): boolean {
    return this.#addPiece(text, true, undefined);
  }

  #addPiece(text: string, isWhole: boolean, event: string | undefined): boolean {
    const piece = parseJson(text);
    if (piece === undefined) return false;
    this.#add(piece, isWhole, event);
    return true;
  }

  /** A piece of the stream was passed over, as it tells nothing. */
  passedOver(): void {
    this.#toldLast = false;
  }

  /** The stream says that it has ended: figures of the piece just before are the last. */
  ended(): void {
    if (this.#toldLast) this.#reading = { ...this.#reading, final: true };
  }

  /**
   * From an answer of which only parts are there. `final` overrides what the parts seem to say: a whole answer that
   * has ended is final, one that was cut never is.
   */
  addFragments(head: Buffer, tail: Buffer, final: boolean | undefined): void {
    const piece = salvage(head, tail);
    if (piece === undefined) return;
    this.#add(piece, final === true, undefined);
    if (final !== undefined) this.#reading = { ...this.#reading, final };
  }

  result(): MeterResult {
    const { usage, final, modelAnswered, serviceTier, geo } = this.#reading ?? {};
    return {
      usage: usage === undefined ? null : { ...UNKNOWN_USAGE, ...usage },
      final: usage !== undefined && final === true,
      modelAnswered: modelAnswered ?? null,
      serviceTier: serviceTier ?? null,
      geo: geo ?? null,
      errorSeen: this.#errorSeen,
    };
  }

  #add(piece: Json, isWhole: boolean, event: string | undefined): void {
    this.#errorSeen ||= event === "error" || holdsError(piece);
    const reading = this.#provider.readUsage(this.#kind, piece, isWhole);
    this.#toldLast = reading?.usage !== undefined;
    if (!reading) return;
    // Of an answer in one piece there is nothing to merge.
    const isAlone = this.#reading === undefined && standsAlone(reading);
    this.#reading = isAlone ? reading : mergeReading(this.#reading ?? {}, reading);
  }
}

/** True when merging it with nothing would change nothing. */
function standsAlone({ usage, cacheWriteTotal, outputLeftOut }: UsageReading): boolean {
  if (cacheWriteTotal !== undefined || outputLeftOut === true) return false;
  return usage === undefined || Object.keys(usage).length > 0;
}

/** `{"error": …}` (OpenAI, Gemini), `{"type":"error"}` (Anthropic), or a failed response (OpenAI Responses). */
function holdsError(piece: Json): boolean {
  if (!isJsonObject(piece)) return false;
  const error = piece["error"] ?? objectAt(piece, "response")?.["error"];
  return stringAt(piece, "type") === "error" || typeof error === "string" || isJsonObject(error);
}
