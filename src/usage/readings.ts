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

  constructor(provider: Provider, kind: RouteKind) {
    this.#provider = provider;
    this.#kind = kind;
  }

  get knowsModel(): boolean {
    return this.#reading?.modelAnswered !== undefined;
  }

  /** Gives false when the text is no JSON; then nothing is taken from it. */
  addText(text: string, event?: string): boolean {
    const piece = parseJson(text);
    if (piece === undefined) return false;
    this.#add(piece, event);
    return true;
  }

  /**
   * From an answer of which only parts are there. `final` overrides what the parts seem to say: a whole answer that
   * has ended is final, one that was cut never is.
   */
  addFragments(head: Buffer, tail: Buffer, final: boolean | undefined): void {
    const piece = salvage(head, tail);
    if (piece === undefined) return;
    this.#add(piece, undefined);
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

  #add(piece: Json, event: string | undefined): void {
    this.#errorSeen ||= event === "error" || holdsError(piece);
    const reading = this.#provider.readUsage(this.#kind, piece, event);
    if (!reading) return;
    // Of an answer in one piece there is nothing to merge.
    const isAlone = this.#reading === undefined && standsAlone(reading);
    this.#reading = isAlone ? reading : mergeReading(this.#reading ?? {}, reading);
  }
}

/** True when merging it with nothing would change nothing. */
function standsAlone({ usage, cacheWriteTotal }: UsageReading): boolean {
  return cacheWriteTotal === undefined && (usage === undefined || Object.keys(usage).length > 0);
}

/** `{"error": …}` (OpenAI, Gemini), `{"type":"error"}` (Anthropic), or a failed response (OpenAI Responses). */
function holdsError(piece: Json): boolean {
  if (!isJsonObject(piece)) return false;
  const error = piece["error"] ?? objectAt(piece, "response")?.["error"];
  return stringAt(piece, "type") === "error" || typeof error === "string" || isJsonObject(error);
}
