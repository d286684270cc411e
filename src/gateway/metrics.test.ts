// What /metrics shows is Prometheus text, and names nobody.
import { expect, test } from "bun:test";
import { createGatewayMetrics } from "./metrics.ts";

test("counters and histograms add up", () => {
  const metrics = createGatewayMetrics();
  metrics.requestStarted();
  metrics.requestAnswered(200);
  metrics.requestAnswered(503);
  metrics.ownError("vault_locked");
  metrics.attemptEnded("complete", 200, 300, 20);
  metrics.attemptEnded("unreachable", null, 1_000_000, null);
  const lines = metrics.text({ inFlight: 3, bodyBytes: 70_000 }).split("\n");
  for (const line of [
    "ownkey_gateway_requests_total 1",
    "ownkey_gateway_in_flight 3",
    "ownkey_gateway_body_bytes 70000",
    `ownkey_gateway_answers_total{status="2xx"} 1`,
    `ownkey_gateway_answers_total{status="5xx"} 1`,
    `ownkey_gateway_errors_total{code="vault_locked"} 1`,
    `ownkey_gateway_attempts_total{end="unreachable"} 1`,
    `ownkey_gateway_duration_seconds_bucket{le="0.25"} 0`,
    `ownkey_gateway_duration_seconds_bucket{le="0.5"} 1`,
    `ownkey_gateway_duration_seconds_bucket{le="+Inf"} 2`,
    "ownkey_gateway_duration_seconds_count 2",
    `ownkey_gateway_first_byte_seconds_bucket{le="0.025"} 1`,
    "ownkey_gateway_first_byte_seconds_count 1",
  ]) {
    expect(lines).toContain(line);
  }
  for (const line of lines)
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) |[a-z_]+(?:\{[a-z]+="[^"]*"\})? [0-9.e+]+$)/);
});
