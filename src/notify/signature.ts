/**
 * Signing as Standard Webhooks 1.0 has it: HMAC-SHA256 over `id.timestamp.body`, in base64 behind `v1,`. The secret is
 * `whsec_` and 24 to 64 bytes in base64. Ed25519 signatures (`v1a`) are left out.
 */
import { createHmac } from "node:crypto";
import { AppError, type Randomness, Secret } from "../kernel/index.ts";

const PREFIX = "whsec_";
const NEW_BYTES = 32;

export interface Signed {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
}

/** The headers of one delivery; several secrets give several signatures, so that a receiver may know either. */
export function signedHeaders(
  { id, timestampSeconds, body }: Signed,
  secrets: readonly Secret[],
): Record<string, string> {
  const content = `${id}.${timestampSeconds}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", keyOf(secret)).update(content).digest("base64")}`,
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
}

export function newSigningSecret(randomness: Randomness): Secret {
  return new Secret(PREFIX + Buffer.from(randomness(NEW_BYTES)).toString("base64"));
}

/** @throws AppError `invalid_input` for what no receiver's library would take. */
export function checkedSigningSecret(secret: Secret): Secret {
  keyOf(secret);
  return secret;
}

function keyOf(secret: Secret): Uint8Array {
  const text = secret.reveal();
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  const key = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? Buffer.from(encoded, "base64") : Buffer.alloc(0);
  if (key.length >= 24 && key.length <= 64) return new Uint8Array(key);
  throw new AppError("invalid_input", "this is not a signing secret of Standard Webhooks", {
    hint: "whsec_ and 24 to 64 bytes in base64; let Ownkey make one: ownkey notify secret new",
  });
}
