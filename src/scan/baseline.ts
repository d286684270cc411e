/**
 * A file of findings that somebody has looked at and accepted, to be kept in the repository:
 *
 *     { "version": 1, "salt": "<32 hex>", "accepted": [{ "rule": "jwt", "path": "test/a.json", "id": "<12 hex>" }] }
 *
 * An id is 6 bytes of HMAC-SHA256 under the salt over rule and secret: enough to tell this secret from another one at
 * the same path, too little to learn or to confirm a secret from. Lines may move; a new secret is found again.
 */
import { AppError, fromHex, lengthPrefixed, type Randomness, toHex } from "../kernel/index.ts";
import type { Finding } from "./finding.ts";

/** Findings that are left out of scans. */
export interface Baseline {
  accepts(finding: Finding): boolean;
}

const VERSION = 1;
const SALT_BYTES = 16;
const ID_CHARS = 12;

/** Paths stand as the scan gave them: write and read baselines from the same folder. */
export function writeBaseline(findings: Iterable<Finding>, randomness: Randomness): string {
  const salt = randomness(SALT_BYTES);
  const accepted = new Map<string, object>();
  for (const finding of findings) {
    const id = idOf(salt, finding);
    accepted.set(`${finding.origin.path}\n${id}`, { rule: finding.rule, path: finding.origin.path, id });
  }
  return `${JSON.stringify({ version: VERSION, salt: toHex(salt), accepted: [...accepted.values()] }, undefined, 2)}\n`;
}

/** @throws AppError `invalid_input` when the text is no baseline, `newer_format` when it is one of a later version. */
export function readBaseline(text: string): Baseline {
  const { salt, accepted } = parse(text);
  return { accepts: (finding) => accepted.has(`${finding.origin.path}\n${idOf(salt, finding)}`) };
}

function idOf(salt: Uint8Array, { rule, secret, knownKey, origin }: Finding): string {
  const value = secret?.reveal() ?? knownKey ?? origin.path;
  return new Bun.CryptoHasher("sha256", salt)
    .update(lengthPrefixed(rule, value))
    .digest("hex")
    .slice(0, ID_CHARS);
}

function parse(text: string): { salt: Uint8Array; accepted: ReadonlySet<string> } {
  const document = fieldsOf(parseJson(text));
  if (typeof document["version"] === "number" && document["version"] > VERSION) {
    throw new AppError("newer_format", "the baseline was written by a later version of Ownkey", {
      hint: "update Ownkey, or write the baseline anew",
    });
  }
  const salt = typeof document["salt"] === "string" ? fromHex(document["salt"]) : undefined;
  const list: unknown = document["accepted"];
  if (document["version"] !== VERSION || salt?.length !== SALT_BYTES || !Array.isArray(list))
    throw notABaseline();
  const accepted = list.map((entry: unknown) => {
    const { path, id } = fieldsOf(entry);
    if (typeof path !== "string" || typeof id !== "string") throw notABaseline();
    return `${path}\n${id}`;
  });
  return { salt, accepted: new Set(accepted) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notABaseline();
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw notABaseline();
  return value as Readonly<Record<string, unknown>>;
}

function notABaseline(): AppError {
  return new AppError("invalid_input", "the file is not a baseline of ownkey scan", {
    hint: "write one: ownkey scan --baseline FILE --write-baseline",
  });
}
