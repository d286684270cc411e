import { textOfPart } from "../kernel/index.ts";
import { isJsonDocument, readerFor } from "./content-reader.ts";
import { decodeFor, isIdentity } from "./decoder.ts";
import type { Meter, MeterOptions, MeterResult } from "./metering.ts";
import type { Splitter } from "./piece-collector.ts";
import { Readings } from "./readings.ts";

/** As {@link CreateMeter}. */
export function createMeter(options: MeterOptions): Meter {
  const readings = new Readings(options.provider, options.kind);
  const reader = readerFor(options.contentType, readings);
  if (!reader) return { push() {}, finish: () => readings.result() };
  const encoding = options.contentEncoding;
  if (encoding === null || isIdentity(encoding)) return meterInTheClear(reader, readings);
  const decoder = decodeFor(reader, encoding);
  return {
    push: (chunk) => decoder?.push(chunk),
    async finish() {
      await decoder?.end();
      attempt(() => reader.end());
      return readings.result();
    },
  };
}

/** As {@link MeterWhole}. */
export function meterWhole(options: MeterOptions, bytes: Uint8Array): MeterResult | Promise<MeterResult> {
  return readPlainDocument(options, bytes) ?? meterPiece(options, bytes);
}

/** The usual answer, at once: nothing has to be held or cut. `undefined` for what is not just one JSON object. */
function readPlainDocument(options: MeterOptions, bytes: Uint8Array): MeterResult | undefined {
  const { provider, kind, contentType, contentEncoding } = options;
  if (!isIdentity(contentEncoding) || !isJsonDocument(contentType, bytes)) return undefined;
  const readings = new Readings(provider, kind);
  try {
    return readings.addWhole(textOfPart(bytes, 0, bytes.length)) ? readings.result() : undefined;
  } catch {
    return undefined;
  }
}

function meterPiece(options: MeterOptions, bytes: Uint8Array): MeterResult | Promise<MeterResult> {
  const meter = createMeter(options);
  meter.push(bytes);
  return meter.finish();
}

function meterInTheClear(reader: Splitter, readings: Readings): Meter {
  let works = true;
  return {
    push(chunk) {
      if (works) works = attempt(() => reader.push(chunk));
    },
    finish() {
      if (works) works = attempt(() => reader.end());
      return readings.result();
    },
  };
}

/** Metering may fail without hurting the answer: what was read until then counts. */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
