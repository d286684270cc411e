import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Clock } from "./clock.ts";
import { AppError } from "./errors.ts";
import { createLog, type LogFields, type LogLevel } from "./log.ts";
import { Secret } from "./secret.ts";

const clock: Clock = { nowMs: () => Date.UTC(2026, 10, 23), monotonicMs: () => 0 };
const key = `sk-proj-${"a1B2".repeat(12)}`;

function logged(fields: LogFields, level: LogLevel = "debug"): string {
  const lines: string[] = [];
  createLog({ level, clock, write: (line) => lines.push(line) }).warn("some.event", fields);
  return lines.join("");
}

test("an event is one line of JSON with time, level and name, which fields cannot replace", () => {
  const line = logged({ event: "other", level: "none", time: 1, count: 2 });
  expect(line).toEndWith("}\n");
  expect(JSON.parse(line)).toEqual({
    time: "2026-11-23T00:00:00.000Z",
    level: "warn",
    event: "some.event",
    count: 2,
  });
});

describe("no secret reaches a line, and it stays valid JSON", () => {
  test.each([
    ["a text", key],
    ["after a line break", `first\n${key}`],
    ["before an escaped quote", `url="https://h.example?key=${key}\\"rest"`],
    ["in a list", ["x", key]],
    ["deep in an object", { a: { b: key } }],
    ["an error's message and stack", new Error(`failed with ${key}`)],
    ["an error's cause", new Error("outer", { cause: new Error(`inner ${key}`) })],
    ["an AppError's cause", new AppError("internal", "outer", { cause: new Error(key) })],
    ["a Secret", new Secret(key)],
    ["bytes", new TextEncoder().encode(key)],
  ])("%s", (_name, value) => {
    const line = logged({ value });
    expect(JSON.parse(line)).toHaveProperty("value");
    expect(line).not.toContain(key.slice(8));
    expect(line).not.toContain(Buffer.from(key).join(","));
  });

  test("whatever text is logged", () => {
    const text = fc.array(fc.oneof(fc.string(), fc.constantFrom(key, "\\", '"', "\n", "?key=", "Bearer ")));
    fc.assert(
      fc.property(text, (parts) => {
        const line = logged({ text: parts.join(" ") });
        expect(typeof JSON.parse(line).text).toBe("string");
        expect(line.slice(0, -1)).not.toContain("\n");
        expect(line).not.toContain(key);
      }),
    );
  });
});

test("what JSON has no form for is written all the same, and a circle is told instead of thrown", () => {
  expect(JSON.parse(logged({ nanos: 12n })).nanos).toBe("12");
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  expect(JSON.parse(logged({ circle }))).toMatchObject({ event: "some.event", unwritable: ["circle"] });
});

test("events below the level are not written", () => {
  expect(logged({}, "error")).toBe("");
  expect(logged({}, "silent")).toBe("");
  expect(logged({}, "warn")).not.toBe("");
});
