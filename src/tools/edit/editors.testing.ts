import * as fc from "fast-check";
import { AppError, type Json, type JsonObject } from "../../kernel/index.ts";

/** Names as they stand in settings, and some that need quoting. */
const name = fc.oneof(
  fc.constantFrom("a", "b", "env", "models", "OPENAI_API_KEY", "base_url", "x-y"),
  fc.string({ minLength: 1, maxLength: 4 }).filter((text) => text !== "__proto__"),
);

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    "http://127.0.0.1:7788/t/x",
    "sk-ownkey-…",
    "true",
    "1",
    "a: b",
    "# c",
    "- d",
    "{e}",
    '"',
    "'",
    "\\",
  ),
  fc.integer({ min: -1000, max: 1000 }),
  fc.boolean(),
);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 2, arbitrary: fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }) },
  ),
}));

/** A document of settings: an object. */
export const documents: fc.Arbitrary<JsonObject> = fc.dictionary(name, value, {
  maxKeys: 4,
  noNullPrototype: true,
});
export const values: fc.Arbitrary<Json> = value;
export const scalars = scalar;

/** Where something may be set: names only. */
export const paths: fc.Arbitrary<string[]> = fc.array(name, { minLength: 1, maxLength: 3 });

/** `undefined` when an editor says that it cannot do it, which leaves the file as it is. */
export function orRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError && error.code === "unsupported") return undefined;
    throw error;
  }
}
