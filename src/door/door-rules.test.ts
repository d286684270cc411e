import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { bearerOf, refusalOf } from "./door-rules.ts";

const rules = { tool: "cursor", host: "name.example.com" };
const status = (
  path: string,
  { host = rules.host, method = "POST" }: { host?: string | null; method?: string } = {},
) => refusalOf({ method, url: `http://name.example.com${path}`, host }, rules)?.status;

test("the tool's own paths come in, whatever their query", () => {
  for (const path of [
    "/t/cursor/cursor/v1/chat/completions",
    "/t/cursor/v1/models",
    "/t/cursor/cursor/v1/models?limit=2",
  ])
    expect(status(path)).toBeUndefined();
  expect(status("/t/cursor/v1/models", { host: "NAME.example.com" })).toBeUndefined();
});

test("no other path does, however it is written", () => {
  for (const path of [
    "/",
    "/healthz",
    "/metrics",
    "/api/openapi.json",
    "/v1/models",
    "/cursor/v1/chat/completions",
    "/t/cursor",
    "/t/cursor/",
    "/t/cursor/v1",
    "/t/cursor/healthz",
    "/t/cursorx/v1/models",
    "/t/other/v1/models",
    "/t/cursor/../other/v1/models",
    "/t/cursor/v1/../../../v1/models",
    "/t/cursor/v1/%2e%2e/models",
    "/t/cursor/v1/a%2fb",
    "/t/cursor//v1/models",
    "/t/cursor/v1//models",
    "/t/cursor/v1/.hidden",
    "/t/cursor/v1/a\\b",
    "/t/cursor/v1/a;b",
    "/t/cursor/c/other/v1/models",
    "/t/cursor/v1beta/models",
    "//t/cursor/v1/models",
  ])
    expect([path, status(path)]).toEqual([path, 404]);
});

test("another name, a name with a port, or none is refused before anything else; so is every name while none is known", () => {
  for (const host of ["127.0.0.1:7790", "localhost", "name.example.com:443", "evil.example.com", "", null])
    expect(status("/t/cursor/v1/models", { host })).toBe(421);
  const request = { method: "GET", url: "http://x/t/cursor/v1/models", host: null };
  expect(refusalOf(request, { tool: "cursor", host: undefined })?.status).toBe(421);
  expect(refusalOf({ ...request, host: "undefined" }, { tool: "cursor", host: undefined })?.status).toBe(421);
});

test("methods that change things elsewhere do not come in", () => {
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
    expect(status("/t/cursor/v1/models", { method })).toBe(405);
});

test("whatever comes in lies below the tool's prefix when a server resolves it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii", maxLength: 40 }), (rest) => {
      const path = `/t/cursor/${rest}`;
      if (status(path) !== undefined) return true;
      return new URL(`http://x${path}`).pathname.startsWith("/t/cursor/");
    }),
    { numRuns: 2000 },
  );
});

test("a key is read from its header only", () => {
  expect(bearerOf("Bearer abc")).toBe("abc");
  expect(bearerOf("bearer  abc")).toBe("abc");
  for (const value of [null, "", "abc", "Basic abc", "Bearer ", "Bearer a b"])
    expect(bearerOf(value)).toBeUndefined();
});
