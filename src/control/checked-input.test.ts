import { describe, expect, test } from "bun:test";
import { z } from "zod";
import type { AppError } from "../kernel/index.ts";
import { checkedInput } from "./checked-input.ts";
import { nameSchema, timeSchema } from "./schemas.ts";

function refusalOf(schema: z.ZodType, input: unknown): AppError {
  try {
    checkedInput(schema, input);
  } catch (error) {
    return error as AppError;
  }
  throw new Error("nothing was thrown");
}

test("what fits is given as the schema makes it", () => {
  expect(checkedInput(z.object({ limit: z.number().default(5) }), { more: 1 })).toEqual({ limit: 5 });
});

describe("what does not fit is told in our words, by the field's name, never by what it is", () => {
  const value = "canary-value";
  test.each<[string, z.ZodType, unknown]>([
    ["is missing", z.string(), undefined],
    ["is missing", z.enum(["a", "b"]), undefined],
    ["must be a text", z.string(), 5],
    ["must be a number", z.number(), value],
    ["must be a whole number", z.number().int(), 1.5],
    ["must be true or false", z.boolean(), value],
    ["must be a list", z.array(z.string()), value],
    ["must be an object", z.object({}), value],
    ["must be an object", z.record(z.string(), z.string()), value],
    ["must be one of a, b", z.enum(["a", "b"]), value],
    ["must be true", z.literal(true), value],
    ["must not be empty", z.string().min(1), ""],
    ["must not be empty", z.array(z.string()).min(1), []],
    ["must have at least 4 characters", z.string().min(4), "abc"],
    ["must have at most 4 characters", z.string().max(4), value],
    ["must have at most 1 entries", z.array(z.string()).max(1), [value, value]],
    ["must be at least 1", z.number().min(1), 0],
    ["must be at most 31", z.number().max(31), 32],
    ["must be a time in UTC such as 2027-01-31T12:00:00Z", timeSchema, value],
    ["has none of the forms that are allowed", z.union([z.number(), z.boolean()]), value],
    ["must be 1 to 64 letters, digits, . _ : @ -, beginning with a letter or digit", nameSchema, ` ${value}`],
    [
      "holds a name that is not allowed: it must be 1 to 64 letters, digits, . _ : @ -, beginning with a letter or digit",
      z.record(nameSchema, z.string()),
      { [` ${value}`]: "" },
    ],
  ])("%s", (words, schema, input) => {
    const refusal = refusalOf(z.object({ field: schema }), { field: input });
    expect(refusal).toMatchObject({ code: "invalid_input", details: { field: "field" } });
    expect(refusal.message).toBe(`"field" ${words}`);
    expect(refusal.hint).toBe("its schema is in /api/openapi.json");
  });

  test("deeper ones by their place, and what is no object by that", () => {
    const schema = z.object({ list: z.array(z.object({ name: z.string() })) });
    expect(refusalOf(schema, { list: [{ name: "a" }, {}] }).message).toBe(`"list.1.name" is missing`);
    for (const input of [null, value, [1]]) {
      expect(refusalOf(schema, input)).toMatchObject({
        message: "the input must be an object",
        details: undefined,
      });
    }
  });
});
