import { AppError, isJsonObject, type JsonObject, parseJson } from "../kernel/index.ts";
import type { VirtualKeyPolicy } from "./virtual-key.ts";

/** May use everything that inference needs, on every connection. */
export const OPEN_POLICY: VirtualKeyPolicy = {
  connections: [],
  defaultConnection: null,
  models: [],
  paths: [],
  user: null,
  team: null,
  project: null,
  tool: null,
  class: null,
  purpose: null,
};

export function policyText(policy: VirtualKeyPolicy): string {
  return JSON.stringify(policy);
}

/**
 * Reads a stored policy; a member that an older version did not know has its value of {@link OPEN_POLICY}.
 * @throws AppError `corrupt` for anything else: a policy is never read as more permissive than it was written.
 */
export function parsePolicy(text: string): VirtualKeyPolicy {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw damaged("is not an object");
  const known: JsonObject = { ...OPEN_POLICY, ...value };
  const kind = labelIn(known, "class");
  if (kind !== null && kind !== "development" && kind !== "production")
    throw damaged('has an unknown "class"');
  return {
    connections: listIn(known, "connections"),
    defaultConnection: labelIn(known, "defaultConnection"),
    models: listIn(known, "models"),
    paths: listIn(known, "paths"),
    user: labelIn(known, "user"),
    team: labelIn(known, "team"),
    project: labelIn(known, "project"),
    tool: labelIn(known, "tool"),
    class: kind,
    purpose: labelIn(known, "purpose"),
  };
}

/** @throws AppError `invalid_input` when the default connection is not one that may be used. */
export function assertPolicy({ connections, defaultConnection }: VirtualKeyPolicy): void {
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

function damaged(what: string): AppError {
  return new AppError("corrupt", `a stored policy of a virtual key ${what}`, {
    hint: "restore a backup with: ownkey backup restore FILE",
  });
}
