import { addressAllowed, matchesAny, matchesPattern, type VirtualKeyPolicy } from "../access/index.ts";
import { AppError, maskSecrets } from "../kernel/index.ts";
import type { RouteRule } from "../providers/index.ts";
import { notAllowed } from "./errors.ts";

/** Bodies of routes that only `--paths` opens. */
const OTHER_ROUTE_BODY_BYTES = 25 * 1024 * 1024;

/**
 * The rule under which a virtual key may use a route: the provider's own, else one made for a path that the key's
 * policy opens; `undefined` when neither. What a provider denies stays denied.
 */
export function allowedRoute(
  rule: RouteRule | "denied" | undefined,
  policy: VirtualKeyPolicy,
  method: string,
  path: string,
): RouteRule | undefined {
  if (rule === "denied") return undefined;
  if (rule !== undefined) return rule;
  return isCarriedMethod(method) ? openedRoute(policy, method, path) : undefined;
}

function openedRoute(
  policy: VirtualKeyPolicy,
  method: RouteRule["method"],
  path: string,
): RouteRule | undefined {
  const pattern = policy.paths.find((pattern) => matchesPattern(pattern, path));
  return pattern === undefined
    ? undefined
    : { method, path: pattern, kind: "other", maxBodyBytes: OTHER_ROUTE_BODY_BYTES };
}

function isCarriedMethod(method: string): method is RouteRule["method"] {
  return method === "GET" || method === "POST" || method === "DELETE" || method === "HEAD";
}

export function pathRefused(method: string, path: string): AppError {
  return notAllowed(
    "path",
    `this virtual key may not call ${method} ${shown(path)}`,
    "ask for the route with: ownkey vk set NAME --paths PATH; routes that manage accounts are never carried",
  );
}

/**
 * @throws AppError `not_allowed` unless the key's policy names the address, or names none; `cancelled` when there is no
 *   address any more: nobody was refused who has left.
 */
export function checkAddress(policy: VirtualKeyPolicy, address: () => string | undefined): void {
  if (policy.addresses.length === 0) return;
  const from = address();
  if (from === undefined) throw new AppError("cancelled", "the caller went away");
  if (addressAllowed(policy, from)) return;
  throw notAllowed(
    "address",
    "this virtual key may not be used from where the request came from",
    "its owner looks with: ownkey vk show NAME; and changes it with: ownkey vk set NAME --address RANGE",
  );
}

/** @throws AppError `not_allowed` unless the key's policy names the model, or names none. */
export function checkModel(policy: VirtualKeyPolicy, rule: RouteRule, model: string | undefined): void {
  if (policy.models.length === 0 || rule.free === true) return;
  if (model !== undefined && matchesAny(policy.models, model)) return;
  throw notAllowed(
    "model",
    model === undefined
      ? "this virtual key may use certain models only, and the request does not name one"
      : `this virtual key may not use the model "${shown(model)}"`,
    `allowed: ${policy.models.join(", ")}`,
  );
}

/** Names of others in our messages stay short, and what looks like a key in them stays with its owner. */
function shown(text: string): string {
  const masked = maskSecrets(text);
  return masked.length <= 100 ? masked : `${masked.slice(0, 100)}…`;
}
