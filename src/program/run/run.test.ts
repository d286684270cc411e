import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readPlainRequest } from "./request.ts";
import { changedVariables, referencesIn, withEnvFiles } from "./variables.ts";

test("the plain form is read with all its options, and the program's words stay untouched", () => {
  const words =
    "run --env-file .env --env-file=more --tool nightly --vk ci --connection=openai --only-references";
  expect(readPlainRequest([...words.split(" "), "--", "cmd", "--tool", "x", "--", "y"])).toEqual({
    command: "cmd",
    args: ["--tool", "x", "--", "y"],
    envFiles: [".env", "more"],
    tool: "nightly",
    virtualKey: "ci",
    connection: "openai",
    onlyReferences: true,
    real: false,
  });
  expect(readPlainRequest(["run", "--", "cmd"])).toMatchObject({ command: "cmd", args: [], envFiles: [] });
});

test.each([
  "run",
  "run --",
  "run cmd",
  "run --real -- cmd",
  "run --help -- cmd",
  "run --json -- cmd",
  "run --tool -- cmd",
  "run --tool= -- cmd",
  "run --only-references=1 -- cmd",
  "run word -- cmd",
  "token -- cmd",
])("anything else is left to the parser: %s", (line) => {
  expect(readPlainRequest(line.split(" "))).toBeUndefined();
});

test("whatever is typed, the program's words are never taken for options", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), fc.array(fc.string()), (options, words) => {
      const request = readPlainRequest([
        "run",
        ...options.filter((word) => word !== "--"),
        "--",
        "cmd",
        ...words,
      ]);
      if (request) expect([request.command, ...request.args]).toEqual(["cmd", ...words]);
    }),
  );
});

test("a later file wins over an earlier one, and files over the environment", async () => {
  const files: Record<string, string> = { a: "X=a\nY=a\n# no\n", b: 'Y="b c"\n' };
  const read = (path: string) => files[path] ?? "";
  expect(await withEnvFiles({ X: "env", Z: "env" }, ["a", "b"], read)).toEqual({
    X: "a",
    Y: "b c",
    Z: "env",
  });
});

test("only a whole value is a reference", () => {
  const variables = {
    A: "ownkey://c/k",
    B: " ownkey://c/k?base-url ",
    C: "see ownkey://c/k",
    D: undefined,
    E: "",
  };
  expect(referencesIn(variables)).toEqual({ A: "ownkey://c/k", B: "ownkey://c/k?base-url" });
});

test("the gateway is taken out of a proxy, once, and only where there is one", () => {
  const none = { set: {}, unset: ["GONE"] };
  expect(changedVariables({ A: "1", GONE: "x", U: undefined }, none)).toEqual({ A: "1" });
  expect(changedVariables({ http_proxy: "http://p", no_proxy: "corp,localhost" }, none)).toEqual({
    http_proxy: "http://p",
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "corp,localhost,127.0.0.1",
  });
  expect(changedVariables({ HTTP_PROXY: "http://p", NO_PROXY: "corp" }, none)).toMatchObject({
    NO_PROXY: "corp,127.0.0.1,localhost",
    no_proxy: "corp,127.0.0.1,localhost",
  });
});
