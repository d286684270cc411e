import type { Caller } from "../../access/index.ts";
import type { Connection } from "../../connections/index.ts";
import { AppError, maskSecrets, objectAt, parseJson, stringAt, toAppError } from "../../kernel/index.ts";
import { matchRoute, providerById } from "../../providers/index.ts";
import { smallestRequest, type Wire } from "../../tools/index.ts";
import type { Control } from "../control.ts";
import { gatewayUrlOf } from "../tools/gateway-url.ts";
import { modelsFor } from "../tools/models-for.ts";
import { PATHS } from "../tools/way.ts";

export interface Sent {
  readonly ok: boolean;
  readonly connection: string;
  readonly model: string;
  readonly status: number;
  readonly what: string;
  readonly requestId: string | null;
}

const WITHIN_MS = 60_000;
const MOST_CHARS = 64 * 1024;

/**
 * One request of a few tokens to the connection, or the first one that has a working key, with a short-lived token.
 * @throws AppError `no_connection` when there is none, `conflict` when no model of it is known.
 */
export async function sendFirst(control: Control, caller: Caller, wanted: string | undefined): Promise<Sent> {
  const { connection, wire, model } = await chooseFirst(control, caller, wanted);
  const { token } = await control.toolTokens.issue(caller, "init");
  const { url, method, headers, body } = smallestRequest(
    { wire, path: PATHS[wire].replace("/m:", "/{model}:"), credential: "bearer" },
    { baseUrl: `${gatewayUrlOf(control)}/c/${connection.name}`, key: token, model },
  );
  const response = await fetch(url, {
    method,
    headers,
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(WITHIN_MS),
    // Bun's, and not in the types: none of the environment's.
    proxy: false,
  } as unknown as RequestInit);
  const text = (await response.text()).slice(0, MOST_CHARS);
  const message = stringAt(objectAt(parseJson(text), "error"), "message") ?? "no reason was given";
  return {
    ok: response.ok,
    connection: connection.name,
    model,
    status: response.status,
    what: response.ok ? `${model} answered` : `${response.status}: ${maskSecrets(message)}`,
    requestId: response.headers.get("x-ownkey-request-id"),
  };
}

interface Chosen {
  readonly connection: Connection;
  readonly wire: Wire;
  readonly model: string;
}

/** One whose provider lists no model does not keep the next one from it. */
async function chooseFirst(control: Control, caller: Caller, wanted: string | undefined): Promise<Chosen> {
  const { connections } = control;
  const all = wanted === undefined ? await usable(control) : [await connections.resolve(wanted)];
  let problem: AppError | undefined;
  for (const connection of all) {
    const wire = wireOf(connection);
    if (wire === undefined) continue;
    try {
      const [model] = await modelsFor(control, caller, connection);
      return { connection, wire, model };
    } catch (error) {
      const known = toAppError(error);
      if (known.code !== "conflict") throw error;
      problem ??= known;
    }
  }
  if (problem) throw problem;
  throw new AppError("no_connection", "there is no connection with a key that takes a request", {
    hint: "add a key: ownkey keys add openai",
  });
}

/** Those with a key that is known to work first. */
async function usable({ connections }: Control): Promise<Connection[]> {
  const found: { connection: Connection; isTested: boolean }[] = [];
  for (const connection of await connections.list()) {
    const verdict = (await connections.servingKeyOf(connection.id))?.verdict;
    if (verdict === "ok" || verdict === "untested") found.push({ connection, isTested: verdict === "ok" });
  }
  return found
    .toSorted((a, b) => Number(b.isTested) - Number(a.isTested))
    .map(({ connection }) => connection);
}

function wireOf({ provider, preset }: Connection): Wire | undefined {
  const served = providerById(provider, preset);
  return (Object.keys(PATHS) as Wire[]).find(
    (wire) => typeof matchRoute(served, "POST", PATHS[wire]) === "object",
  );
}
