import type { z } from "zod";
import { AppError } from "../kernel/index.ts";

/**
 * The input as the schema wants it. Schemas that bring a message of their own word it as the ones below: `must be …`.
 * @throws AppError `invalid_input` naming the field, also in `details.field`, and what it must be, never what it is.
 */
export function checkedInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(input, { error: wanted });
  if (success) return data;
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const field = (issue?.code === "invalid_key" ? path.slice(0, -1) : path).join(".");
  const what = issue?.message ?? "cannot be used";
  throw new AppError("invalid_input", `${field === "" ? "the input" : `"${field}"`} ${what}`, {
    hint: "its schema is in /api/openapi.json",
    ...(field === "" ? {} : { details: { field } }),
  });
}

type RawIssue = z.core.$ZodRawIssue;

function wanted(issue: RawIssue): string {
  if (issue.input === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? `a ${issue.expected}`}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.minimum === 1 && issue.origin !== "number"
        ? "must not be empty"
        : `must ${measure(issue.origin, `at least ${issue.minimum}`)}`;
    case "too_big":
      return `must ${measure(issue.origin, `at most ${issue.maximum}`)}`;
    case "invalid_format":
      return issue.format === "datetime"
        ? "must be a time in UTC such as 2027-01-31T12:00:00Z"
        : `must be written as ${issue.format}`;
    case "invalid_key":
      return `holds a name that is not allowed: it ${issue.issues[0]?.message ?? "has another form"}`;
    default:
      return "has none of the forms that are allowed";
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

/** `be at least 3` of a number, `have at least 3 characters` of a text. */
function measure(origin: string, bound: string): string {
  switch (origin) {
    case "string":
      return `have ${bound} characters`;
    case "array":
      return `have ${bound} entries`;
    default:
      return `be ${bound}`;
  }
}
