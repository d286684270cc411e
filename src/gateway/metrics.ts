import type { AttemptEnd } from "../ledger/index.ts";

/** Counters of the data plane since its start, for `/metrics`. Labels hold no name that anybody chose. */
export interface GatewayMetrics {
  requestStarted(): void;
  requestAnswered(status: number): void;
  ownError(code: string): void;
  attemptEnded(end: AttemptEnd, status: number | null, durationMs: number, firstByteMs: number | null): void;
  /** Prometheus text, without a trailing empty line. */
  text(now: GatewayGauges): string;
}

/** What is so at this moment. */
export interface GatewayGauges {
  readonly inFlight: number;
  /** Of request bodies in memory, but for small ones. */
  readonly bodyBytes: number;
}

/** Upper bounds in seconds. */
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

export function createGatewayMetrics(): GatewayMetrics {
  let requests = 0;
  const answers = new Map<string, number>();
  const errors = new Map<string, number>();
  const ends = new Map<string, number>();
  const duration = createHistogram();
  const firstByte = createHistogram();
  return {
    requestStarted: () => void requests++,
    requestAnswered: (status) => count(answers, STATUS_CLASSES[Math.floor(status / 100)] ?? "other"),
    ownError: (code) => count(errors, code),
    attemptEnded(end, status, durationMs, firstByteMs) {
      count(ends, end);
      duration.add(durationMs / 1000);
      if (firstByteMs !== null && status !== null) firstByte.add(firstByteMs / 1000);
    },
    text: ({ inFlight, bodyBytes }) =>
      [
        ...family("ownkey_gateway_requests_total", "counter", "Requests that came in.", [["", requests]]),
        ...family("ownkey_gateway_in_flight", "gauge", "Requests under way.", [["", inFlight]]),
        ...family(
          "ownkey_gateway_body_bytes",
          "gauge",
          "Memory that large request bodies take, of bodyMemoryMb.",
          [["", bodyBytes]],
        ),
        ...family(
          "ownkey_gateway_answers_total",
          "counter",
          "Answers by status class.",
          labelled("status", answers),
        ),
        ...family(
          "ownkey_gateway_errors_total",
          "counter",
          "Ownkey's own errors by code.",
          labelled("code", errors),
        ),
        ...family(
          "ownkey_gateway_attempts_total",
          "counter",
          "Attempts by how they ended.",
          labelled("end", ends),
        ),
        ...duration.lines("ownkey_gateway_duration_seconds", "From the request's arrival to the last byte."),
        ...firstByte.lines(
          "ownkey_gateway_first_byte_seconds",
          "From the request's arrival to the first byte.",
        ),
      ].join("\n"),
  };
}

const STATUS_CLASSES = ["", "1xx", "2xx", "3xx", "4xx", "5xx"];

function count(counters: Map<string, number>, name: string): void {
  counters.set(name, (counters.get(name) ?? 0) + 1);
}

function createHistogram() {
  const buckets = BUCKETS.map(() => 0);
  let sum = 0;
  let total = 0;
  return {
    add(seconds: number) {
      sum += seconds;
      total++;
      let at = 0;
      while (at < BUCKETS.length && seconds > (BUCKETS[at] ?? 0)) at++;
      if (at < BUCKETS.length) buckets[at] = (buckets[at] ?? 0) + 1;
    },
    lines(name: string, help: string): string[] {
      let running = 0;
      const rows = BUCKETS.map((bound, at) => {
        running += buckets[at] ?? 0;
        return [`_bucket{le="${bound}"}`, running] as const;
      });
      const all = [...rows, [`_bucket{le="+Inf"}`, total], ["_sum", sum], ["_count", total]] as const;
      return family(name, "histogram", help, all);
    },
  };
}

function labelled(label: string, counters: ReadonlyMap<string, number>): [string, number][] {
  return [...counters].map(([value, amount]) => [`{${label}="${value}"}`, amount]);
}

function family(
  name: string,
  type: "counter" | "gauge" | "histogram",
  help: string,
  rows: readonly (readonly [string, number])[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...rows.map(([suffix, value]) => `${name}${suffix} ${value}`),
  ];
}
