import { readerFor } from "./content-reader.ts";
import { decodeFor, isIdentity } from "./decoder.ts";
import type { Meter, MeterOptions } from "./metering.ts";
import type { Splitter } from "./piece-collector.ts";
import { Readings } from "./readings.ts";

/** Makes the meter for one answer. What it cannot read gives a result without usage, never an error. */
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
