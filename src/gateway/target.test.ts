// One path has one spelling, and whatever could be read in two ways is refused.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../kernel/index.ts";
import { parseTarget, pathPattern } from "./target.ts";

const at = (path: string) => parseTarget(`http://localhost:7788${path}`);

test.each([
  ["/v1/chat/completions", "/v1/chat/completions"],
  ["/chat/completions", "/v1/chat/completions"],
  ["/v1/v1/chat/completions", "/v1/chat/completions"],
  ["/v1/v1/v1/models", "/v1/models"],
  ["/messages", "/v1/messages"],
  ["/v1beta/models/gemini-x:generateContent", "/v1beta/models/gemini-x:generateContent"],
  ["/v1beta/models/gemini-x%3AgenerateContent", "/v1beta/models/gemini-x:generateContent"],
  ["/openai/deployments/d/chat/completions", "/openai/deployments/d/chat/completions"],
  ["/openai/v1/responses", "/openai/v1/responses"],
  ["/v1/%6frganization/users", "/v1/organization/users"],
  ["/v1/models/caf%c3%a9", "/v1/models/caf%C3%A9"],
  ["/", "/"],
  ["/healthz", "/healthz"],
])("%s is %s", (path, canonical) => {
  expect(at(path).path).toBe(canonical);
});

test("prefixes name tool and connection, in either order, and Cursor's tolerant route", () => {
  expect(at("/t/aider/v1/models")).toMatchObject({ tool: "aider", connection: null, path: "/v1/models" });
  expect(at("/c/work/t/cline/chat/completions")).toMatchObject({
    tool: "cline",
    connection: "work",
    path: "/v1/chat/completions",
  });
  expect(at("/cursor/v1/chat/completions")).toMatchObject({ cursor: true, path: "/v1/chat/completions" });
});

test.each([
  "/v1//chat",
  "/v1/chat/",
  "//v1/chat",
  "/v1/..%2forganization",
  "/v1/a%2Fb",
  "/v1/a%5cb",
  "/v1/a\\b",
  "/v1/%2e%2e/b",
  "/v1/a%2eb",
  "/v1/../b",
  "/v1/./b",
  "/v1/a%00b",
  "/v1/a%0d%0ab",
  "/v1/a%20b",
  "/v1/a%7fb",
  "/v1/a%",
  "/v1/a%4",
  "/v1/a%zz",
  "/v1/a%252fb",
  "/v1/organization;x",
  "/v1/organization%3bx",
  "/v1/chat#fragment",
  "/v1/chat?x=1#fragment",
  "/v1/é",
  "/t//v1/models",
  "/t/a/t/b/v1/models",
  "/c/a/c/b/v1/models",
  "/v1beta/models/m:generateContent?key=a&key=b",
])("%s is a bad path", (path) => {
  expect(() => at(path)).toThrow(expect.objectContaining({ code: "bad_path" }));
});

test("a key in the query is taken out on Gemini paths, and left alone elsewhere", () => {
  expect(at("/v1beta/models/m:streamGenerateContent?alt=sse&key=abc%2Bd")).toMatchObject({
    query: "alt=sse",
    queryKey: "abc+d",
  });
  expect(at("/v1/files?key=abc")).toMatchObject({ query: "key=abc", queryKey: null });
});

test("a canonical path is its own canonical path, and nothing but bad_path is ever thrown", () => {
  const pieces = fc.constantFrom(
    "a",
    "v1",
    "/",
    "%",
    "2",
    "f",
    "e",
    ".",
    "%41",
    "%2f",
    "%C3",
    ":",
    "é",
    "t",
    "c",
    "\\",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      try {
        const { path } = at(`/${parts.join("")}`);
        expect(at(path).path).toBe(path);
      } catch (error) {
        expect(error instanceof AppError && error.code).toBe("bad_path");
      }
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ["/rerank", "/v1/rerank"],
  ["/assistants/*", "/v1/assistants/*"],
  ["/v1/v1/assistants", "/v1/assistants"],
  ["/openai/assistants", "/openai/assistants"],
  ["/v1*", "/v1*"],
  ["*", "*"],
])("the pattern %s is compared as %s: what opens a path is written as that path is read", (given, as) => {
  expect(pathPattern(given)).toBe(as);
  if (!given.includes("*")) expect(at(given).path).toBe(as);
});
