import type { VirtualKeyPolicy } from "../access/index.ts";
import type { Connection } from "../connections/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Dialect, Provider, RouteRule } from "../providers/index.ts";

/** A connection that a virtual key may use, and what its provider makes of the route. */
export interface Candidate {
  readonly connection: Connection;
  readonly provider: Provider;
  /** `undefined` when this key may not call the route there. */
  readonly rule: RouteRule | undefined;
}

export interface Wish {
  /** Name or id from the prefix `/c/<connection>/`. */
  readonly prefix: string | null;
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
  if (wish.prefix !== null) return { candidate: named(candidates, wish.prefix), model: wish.model };
  const { candidate, model } = namedByModel(candidates, wish.model);
  if (candidate !== undefined) return { candidate, model };
  return { candidate: implied(candidates, policy, wish.dialect), model: wish.model };
}

/** Those that the policy allows; an empty list allows all. */
export function usableConnections(
  connections: readonly Connection[],
  policy: VirtualKeyPolicy,
): readonly Connection[] {
  if (policy.connections.length === 0) return connections;
  return connections.filter(({ id }) => policy.connections.includes(id));
}

function named(candidates: readonly Candidate[], name: string): Candidate {
  const found = candidates.find(({ connection }) => connection.name === name || connection.id === name);
  if (found !== undefined) return found;
  throw noConnection(candidates, "the path names a connection that this virtual key cannot use");
}

function namedByModel(
  candidates: readonly Candidate[],
  model: string | undefined,
): { candidate: Candidate | undefined; model: string | undefined } {
  const slash = model?.indexOf("/") ?? -1;
  if (model === undefined || slash <= 0) return { candidate: undefined, model };
  const name = model.slice(0, slash);
  const candidate = candidates.find(({ connection }) => connection.name === name);
  return candidate === undefined ? { candidate, model } : { candidate, model: model.slice(slash + 1) };
}

function implied(candidates: readonly Candidate[], policy: VirtualKeyPolicy, dialect: Dialect): Candidate {
  const [first] = candidates;
  if (first !== undefined && candidates.length === 1 && policy.connections.length === 1) return first;
  const preferred = candidates.find(({ connection }) => connection.id === policy.defaultConnection);
  if (preferred?.rule !== undefined) return preferred;
  const speaking = candidates.filter(({ provider }) => provider.dialect === dialect);
  const serving = speaking.filter(({ rule }) => rule !== undefined);
  const fitting = serving.length > 0 ? serving : speaking;
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  if (preferred !== undefined) return preferred;
  if (only === undefined)
    throw noConnection(candidates, `no connection of this virtual key speaks ${dialect}`);
  throw new AppError("ambiguous_connection", `${fitting.length} connections could take this request`, {
    hint: `name one in the path (/c/NAME/v1/…) or as NAME/model: ${names(fitting).join(", ")}`,
    details: { connections: names(fitting) },
  });
}

function noConnection(candidates: readonly Candidate[], message: string): AppError {
  return new AppError("no_connection", message, {
    hint:
      candidates.length === 0
        ? "add a key first: ownkey keys add PROVIDER"
        : `there are: ${names(candidates).join(", ")}`,
    details: { connections: names(candidates) },
  });
}

function names(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ connection }) => connection.name).sort();
}
