import { AppError, isJsonObject, type JsonObject, parseJson } from "../kernel/index.ts";
import { compileRanges } from "./address-ranges.ts";
import { assertRateLimits, parseRateLimits } from "./rate-limits.ts";
import type { VirtualKeyPolicy } from "./virtual-key.ts";

/** May use everything that inference needs, on every connection. */
export const OPEN_POLICY: VirtualKeyPolicy = {
  connections: [],
  defaultConnection: null,
  models: [],
  paths: [],
  addresses: [],
  regions: [],
  rateLimits: null,
  user: null,
  team: null,
  project: null,
  tool: null,
  class: null,
  purpose: null,
  metadata: {},
};

const MOST_ADDRESSES = 1_000;
const MOST_METADATA = 50;

export function policyText(policy: VirtualKeyPolicy): string {
  return JSON.stringify(policy);
}

/**
 * Reads a stored policy; a member that an older version did not know has its value of {@link OPEN_POLICY}.
 * @throws AppError `corrupt` for anything else, a member that only a newer version knows included: a policy is never
 *   read as more permissive than it was written.
 */
export function parsePolicy(text: string): VirtualKeyPolicy {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw damaged("is not an object");
  const stranger = Object.keys(value).find((name) => !Object.hasOwn(OPEN_POLICY, name));
  if (stranger !== undefined) throw damaged("has a member that only a newer Ownkey knows");
  const known: JsonObject = { ...(OPEN_POLICY as object), ...value };
  const kind = labelIn(known, "class");
  if (kind !== null && kind !== "development" && kind !== "production")
    throw damaged('has an unknown "class"');
  return {
    connections: listIn(known, "connections"),
    defaultConnection: labelIn(known, "defaultConnection"),
    models: listIn(known, "models"),
    paths: listIn(known, "paths"),
    addresses: listIn(known, "addresses"),
    regions: listIn(known, "regions"),
    rateLimits: parseRateLimits(known["rateLimits"]),
    user: labelIn(known, "user"),
    team: labelIn(known, "team"),
    project: labelIn(known, "project"),
    tool: labelIn(known, "tool"),
    class: kind,
    purpose: labelIn(known, "purpose"),
    metadata: textsIn(known, "metadata"),
  };
}

/** @throws AppError `invalid_input` for what contradicts itself or cannot be kept to. */
export function assertPolicy(policy: VirtualKeyPolicy): void {
  assertDefault(policy);
  assertRateLimits(policy.rateLimits);
  compileRanges(policy.addresses);
  if (policy.addresses.length > MOST_ADDRESSES) throw tooMany("addresses", MOST_ADDRESSES);
  if (Object.keys(policy.metadata).length > MOST_METADATA) throw tooMany("metadata", MOST_METADATA);
}

function assertDefault({ connections, defaultConnection }: VirtualKeyPolicy): void {
  if (defaultConnection === null || connections.length === 0 || connections.includes(defaultConnection))
    return;
  throw new AppError("invalid_input", "the default connection is not among the allowed ones", {
    hint: "allow it as well, or choose a default among those that are allowed",
  });
}

function listIn(value: JsonObject, name: string): readonly string[] {
  const list = value[name];
  if (Array.isArray(list) && list.every((item: unknown) => typeof item === "string")) return list;
  throw damaged(`has no list "${name}"`);
}

function labelIn(value: JsonObject, name: string): string | null {
  const label = value[name];
  if (label === null || typeof label === "string") return label;
  throw damaged(`has no text "${name}"`);
}

function textsIn(value: JsonObject, name: string): Readonly<Record<string, string>> {
  const texts = value[name];
  if (isJsonObject(texts) && Object.values(texts).every((text) => typeof text === "string"))
    return texts as Readonly<Record<string, string>>;
  throw damaged(`has no texts "${name}"`);
}

function tooMany(what: string, most: number): AppError {
  return new AppError("invalid_input", `a virtual key keeps at most ${most} entries of ${what}`, {
    hint: what === "addresses" ? "write ranges instead of single addresses" : "keep the rest elsewhere",
  });
}

function damaged(what: string): AppError {
  return new AppError("corrupt", `a stored policy of a virtual key ${what}`, {
    hint: "restore a backup with: ownkey backup restore FILE",
  });
}
