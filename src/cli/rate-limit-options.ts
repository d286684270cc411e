import { type Command, InvalidArgumentError } from "commander";

/** The options that say how much may be asked for, the same for virtual keys and for other subjects. */
export interface RateLimitOptions {
  readonly rpm?: number;
  readonly tpm?: number;
  readonly rpd?: number;
  readonly tpd?: number;
  readonly concurrency?: number;
}

export function rateLimitOptions(command: Command): Command {
  return command
    .option("--rpm <number>", "requests in any 60 seconds; `none` lifts it", limit)
    .option("--tpm <number>", "tokens in any 60 seconds; `none` lifts it", limit)
    .option("--rpd <number>", "requests in any 24 hours; `none` lifts it", limit)
    .option("--tpd <number>", "tokens in any 24 hours; `none` lifts it", limit)
    .option("--concurrency <number>", "requests at the same time; `none` lifts it", limit);
}

/** As operations take them: what was not given is absent, so that it stays. `undefined` when none was. */
export function rateLimitsOf({ rpm, tpm, rpd, tpd, concurrency }: RateLimitOptions) {
  const all = {
    requestsPerMinute: rpm,
    tokensPerMinute: tpm,
    requestsPerDay: rpd,
    tokensPerDay: tpd,
    concurrency,
  };
  const given = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value === NONE ? null : value] as const],
  );
  return given.length === 0 ? undefined : (Object.fromEntries(given) as Partial<RateLimitsDocument>);
}

export interface RateLimitsDocument {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly requestsPerDay: number | null;
  readonly tokensPerDay: number | null;
  readonly concurrency: number | null;
}

/** For people: `60 requests/min, 100000 tokens/min`; empty when nothing is limited. */
export function rateLimitsText(limits: RateLimitsDocument): string {
  const parts = [
    [limits.requestsPerMinute, "requests/min"],
    [limits.tokensPerMinute, "tokens/min"],
    [limits.requestsPerDay, "requests/day"],
    [limits.tokensPerDay, "tokens/day"],
    [limits.concurrency, "at once"],
  ] as const;
  return parts
    .filter(([value]) => value !== null)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(", ");
}

/** What `none` is while the command line is read: the parser takes `null` for an option without a value. */
const NONE = 0;

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1_000, m: 1_000_000 };

/** `60`, `100k`, `2m`, or `none`. */
function limit(text: string): number {
  if (text === "none") return NONE;
  const match = /^([1-9]\d{0,11})([km]?)$/i.exec(text);
  if (match === null) throw new InvalidArgumentError("a whole number above 0 (60, 100k, 2m) or none");
  return Number(match[1]) * (UNITS[(match[2] ?? "").toLowerCase()] ?? 1);
}
