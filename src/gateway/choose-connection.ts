import { regionAllowed, type VirtualKeyPolicy } from "../access/index.ts";
import type { Connection } from "../connections/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Dialect, Provider, RouteRule } from "../providers/index.ts";
import { notAllowed } from "./errors.ts";

/** A connection that a virtual key may use, and what its provider makes of the route. */
export interface Candidate {
  readonly connection: Connection;
  readonly provider: Provider;
  /** `undefined` when this key may not call the route there. */
  readonly rule: RouteRule | undefined;
}

export interface Wish {
  /** The path names the connection: there is one candidate, and the model is as it stands. */
  readonly isNamed: boolean;
  readonly dialect: Dialect;
  /** As the body has it; may be `name/model`. */
  readonly model: string | undefined;
}

export interface Choice {
  readonly candidate: Candidate;
  /** The model without a connection's name in front. */
  readonly model: string | undefined;
}

/**
 * The connection that a request goes to: the one it names; the key's only or default one; the only one of its
 * dialect. Never a guess: prompts must not reach the wrong company.
 * @throws AppError `no_connection`, `ambiguous_connection`, both listing the names that may be used.
 */
export function chooseConnection(
  candidates: readonly Candidate[],
  policy: VirtualKeyPolicy,
  wish: Wish,
): Choice {
  const [first] = candidates;
  if (wish.isNamed && first !== undefined) return { candidate: first, model: wish.model };
  const { candidate, model } = namedByModel(candidates, wish.model);
  if (candidate !== undefined) return { candidate, model };
  return { candidate: implied(candidates, policy, wish.dialect), model: wish.model };
}

/**
 * Those that the policy allows (an empty list allows all), or the one of them that the prefix `/c/<connection>/`
 * names; never none.
 * @throws AppError `no_connection` when there is none, or the prefix names none of them; `not_allowed` when all that
 *   there are lie in other regions than the policy's.
 */
export function usableConnections(
  connections: readonly Connection[],
  policy: VirtualKeyPolicy,
  prefix: string | null,
): readonly Connection[] {
  const { connections: ids, regions } = policy;
  const listed = ids.length === 0 ? connections : connections.filter(({ id }) => ids.includes(id));
  const asked = prefix === null ? listed : [theNamed(prefix, listed)];
  if (asked.length === 0) throw noConnection(asked, "there is no connection that this virtual key may use");
  if (regions.length === 0) return asked;
  const near = asked.filter(({ settings }) => regionAllowed(policy, settings.region));
  if (near.length === 0) throw regionRefused(regions);
  return near;
}

function regionRefused(regions: readonly string[]): AppError {
  return notAllowed(
    "region",
    "this virtual key may be used in certain regions only, and no connection that the request could go to is in one",
    `allowed: ${regions.join(", ")}; a connection says its own: ownkey connections set NAME --region REGION`,
  );
}

function theNamed(prefix: string, allowed: readonly Connection[]): Connection {
  const named = allowed.find(({ name, id }) => name === prefix || id === prefix);
  if (named !== undefined) return named;
  throw noConnection(allowed, "the path names a connection that this virtual key cannot use");
}

function namedByModel(
  candidates: readonly Candidate[],
  model: string | undefined,
): { candidate: Candidate | undefined; model: string | undefined } {
  const slash = model?.indexOf("/") ?? -1;
  if (model === undefined || slash <= 0) return { candidate: undefined, model };
  const candidate = withName(candidates, model.slice(0, slash));
  return candidate === undefined ? { candidate, model } : { candidate, model: model.slice(slash + 1) };
}

function withName(candidates: readonly Candidate[], name: string): Candidate | undefined {
  return candidates.find(({ connection }) => connection.name === name);
}

function implied(candidates: readonly Candidate[], policy: VirtualKeyPolicy, dialect: Dialect): Candidate {
  const [first] = candidates;
  const isOnly = first !== undefined && candidates.length === 1;
  if (isOnly && (policy.connections.length === 1 || first.rule !== undefined)) return first;
  return preferredOrSpeaking(candidates, policy, dialect);
}

function preferredOrSpeaking(
  candidates: readonly Candidate[],
  policy: VirtualKeyPolicy,
  dialect: Dialect,
): Candidate {
  const preferred = candidates.find(({ connection }) => connection.id === policy.defaultConnection);
  if (preferred?.rule !== undefined) return preferred;
  const speaking = candidates.filter(({ provider }) => provider.dialect === dialect);
  const serving = speaking.filter(({ rule }) => rule !== undefined);
  const fitting = serving.length > 0 ? serving : speaking;
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  if (preferred !== undefined) return preferred;
  if (only === undefined)
    throw noConnection(
      candidates.map(({ connection }) => connection),
      `no connection of this virtual key speaks ${dialect}`,
    );
  throw new AppError("ambiguous_connection", `${fitting.length} connections could take this request`, {
    hint: `name one in the path (/c/NAME/v1/…) or as NAME/model: ${namesOf(fitting).join(", ")}`,
    details: { connections: namesOf(fitting) },
  });
}

function noConnection(connections: readonly Connection[], message: string): AppError {
  const names = connections.map(({ name }) => name).sort();
  return new AppError("no_connection", message, {
    hint: names.length === 0 ? "add a key first: ownkey keys add PROVIDER" : `there are: ${names.join(", ")}`,
    details: { connections: names },
  });
}

function namesOf(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ connection }) => connection.name).sort();
}
