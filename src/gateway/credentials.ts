import { AppError } from "../kernel/index.ts";
import type { Authenticated, Directory, Refusal } from "./parts.ts";
import type { RequestHeaders } from "./request-headers.ts";

/**
 * Every place where a tool may put its virtual key; all of them are removed before a request is forwarded. The
 * server joins repeated headers with a comma, which no credential holds.
 */
export function presentedCredentials(headers: RequestHeaders, queryKey: string | null): readonly string[] {
  const found: string[] = [];
  add(found, bearer(headers["authorization"]));
  add(found, headers["x-api-key"]);
  add(found, headers["api-key"]);
  add(found, headers["x-goog-api-key"]);
  add(found, queryKey ?? undefined);
  return found;
}

function add(found: string[], value: string | undefined): void {
  if (value !== undefined && value !== "" && !found.includes(value)) found.push(value);
}

function bearer(value: string | undefined): string | undefined {
  if (value === undefined || value.length < 7 || value.slice(0, 7).toLowerCase() !== "bearer ")
    return undefined;
  return value.slice(7).trim();
}

/**
 * The one virtual key that the request holds. Credentials that are none are ignored as long as one is valid: tools
 * add placeholders. The answer to a bad one never says why.
 * @throws AppError `invalid_virtual_key`: none given, none valid, or two different valid ones.
 */
export function authenticate(
  directory: Directory,
  credentials: readonly string[],
  onRefused: (refusal: Refusal) => void,
): Authenticated | Promise<Authenticated> {
  const outcomes: (Authenticated | Refusal)[] = [];
  const waiting: Promise<Authenticated | Refusal>[] = [];
  for (const credential of credentials) {
    const outcome = directory.authenticate(credential);
    if (outcome instanceof Promise) waiting.push(outcome);
    else outcomes.push(outcome);
  }
  return waiting.length === 0
    ? theOnlyValid(outcomes, onRefused)
    : whenAllAreHere(outcomes, waiting, onRefused);
}

async function whenAllAreHere(
  outcomes: readonly (Authenticated | Refusal)[],
  waiting: readonly Promise<Authenticated | Refusal>[],
  onRefused: (refusal: Refusal) => void,
): Promise<Authenticated> {
  return theOnlyValid([...outcomes, ...(await Promise.all(waiting))], onRefused);
}

function theOnlyValid(
  outcomes: readonly (Authenticated | Refusal)[],
  onRefused: (refusal: Refusal) => void,
): Authenticated {
  let valid: Authenticated | undefined;
  for (const outcome of outcomes) {
    if ("refused" in outcome) onRefused(outcome);
    else if (valid === undefined) valid = outcome;
    else throw invalidKey();
  }
  if (valid === undefined) throw invalidKey();
  return valid;
}

function invalidKey(): AppError {
  return new AppError("invalid_virtual_key", "the request does not hold one valid Ownkey virtual key", {
    hint: "use a key that `ownkey vk create` printed; provider keys do not belong here",
  });
}
