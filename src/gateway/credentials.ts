import { AppError } from "../kernel/index.ts";
import type { Authenticated, Directory, Refusal } from "./parts.ts";

/**
 * Every place where a tool may put its virtual key; all of them are removed before a request is forwarded. The
 * server joins repeated headers with a comma, which no credential holds.
 */
export function presentedCredentials(headers: Headers, queryKey: string | null): readonly string[] {
  const found: string[] = [];
  const add = (value: string | null) => {
    if (value !== null && value !== "" && !found.includes(value)) found.push(value);
  };
  add(bearer(headers.get("authorization")));
  add(headers.get("x-api-key"));
  add(headers.get("api-key"));
  add(headers.get("x-goog-api-key"));
  add(queryKey);
  return found;
}

function bearer(value: string | null): string | null {
  if (value === null || value.length < 7 || value.slice(0, 7).toLowerCase() !== "bearer ") return null;
  return value.slice(7).trim();
}

/**
 * The one virtual key that the request holds. Credentials that are none are ignored as long as one is valid: tools
 * add placeholders. The answer to a bad one never says why.
 * @throws AppError `invalid_virtual_key`: none given, none valid, or two different valid ones.
 */
export async function authenticate(
  directory: Directory,
  credentials: readonly string[],
  onRefused: (refusal: Refusal) => void,
): Promise<Authenticated> {
  let valid: Authenticated | undefined;
  for (const credential of credentials) {
    const outcome = directory.authenticate(credential);
    const result = outcome instanceof Promise ? await outcome : outcome;
    if ("refused" in result) onRefused(result);
    else if (valid === undefined) valid = result;
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
