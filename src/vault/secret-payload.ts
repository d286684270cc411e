import {
  AppError,
  canonicalJson,
  fromUtf8,
  isJsonObject,
  parseJson,
  Secret,
  stringAt,
  utf8,
} from "../kernel/index.ts";
import type { SealedSecret } from "./vault.ts";

/**
 * What the envelope of a secret's version holds: `{"origins":[…],"value":"…"}`, JSON so that later members can join.
 * @throws AppError `invalid_input` when an origin is not one: scheme and host, nothing behind.
 */
export function encodePayload({ value, origins }: SealedSecret): Uint8Array {
  for (const origin of origins) {
    if (URL.parse(origin)?.origin === origin) continue;
    throw new AppError("invalid_input", `${origin.length} characters given as origin are not an origin`, {
      hint: "give scheme, host and port only, like https://api.openai.com",
    });
  }
  return utf8(canonicalJson({ origins, value: value.reveal() }));
}

/** The bytes were authenticated: anything unexpected in them was written by a later Ownkey. */
export function decodePayload(bytes: Uint8Array): SealedSecret {
  const payload = parseJson(fromUtf8(bytes));
  const value = stringAt(payload, "value");
  const origins = isJsonObject(payload) ? payload.origins : undefined;
  if (value === undefined || !Array.isArray(origins) || !origins.every((one) => typeof one === "string")) {
    throw new AppError("newer_format", "a secret was written by a newer Ownkey", {
      hint: "update this installation",
    });
  }
  return { value: new Secret(value), origins };
}

/**
 * A key is bound to its destination: to be called with the final URL before the key is added to a request.
 * @throws AppError `destination_refused` when the secret may not be sent there.
 */
export function assertDestination(origins: readonly string[], url: URL): void {
  if (origins.includes(url.origin)) return;
  throw new AppError("destination_refused", `this key may not be sent to ${url.origin}`, {
    hint: "changing where a key goes needs the key again: ownkey keys replace REF",
    details: { origin: url.origin, allowed: origins },
  });
}
