import type { Caller } from "../../access/index.ts";
import { maskSecrets, objectAt, parseJson, stringAt, toAppError } from "../../kernel/index.ts";
import {
  explainTool,
  Sources,
  type ToolAdapter,
  type ToolMachine,
  verifyRequest,
  type WireRequest,
} from "../../tools/index.ts";
import type { Control } from "../control.ts";
import { modelsFor } from "./models-for.ts";
import { chooseWay } from "./way.ts";

export interface Verified {
  readonly tool: string;
  readonly ok: boolean;
  readonly url: string | null;
  readonly model: string | null;
  readonly status: number | null;
  readonly what: string;
  readonly hint: string | null;
}

export interface VerifyInput {
  readonly adapter: ToolAdapter;
  readonly machine: ToolMachine;
  readonly connection?: string | undefined;
  readonly model?: string | undefined;
}

const WITHIN_MS = 60_000;
const MOST_CHARS = 64 * 1024;

/** Sends the smallest real request that the tool would send, and tells what came back. Costs a few tokens. */
export async function verifyTool(
  control: Control,
  caller: Caller,
  { adapter, machine, connection, model: wanted }: VerifyInput,
): Promise<Verified> {
  const failed = (what: string, rest: Partial<Verified> = {}): Verified => ({
    tool: adapter.id,
    ok: false,
    url: null,
    model: null,
    status: null,
    what,
    hint: null,
    ...rest,
  });
  let request: WireRequest;
  let model: string;
  try {
    const habit = adapter.habit?.(new Sources(machine)) ?? {};
    const bound =
      connection ?? connectionInUrl(adapter, machine) ?? (await boundConnection(control, adapter));
    const way = await chooseWay(control, adapter, { wanted: bound, habit });
    [model] = await modelsFor(control, caller, way.connection, { model: wanted, habit });
    request = await verifyRequest(adapter, machine, {
      model,
      style: way.style,
      issueToken: async (tool) => (await control.toolTokens.issue(caller, tool)).token,
    });
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    if (code === "internal") throw error;
    return failed(message, { hint: hint ?? null });
  }
  const { url } = request;
  try {
    const { headers, body, method } = request;
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    const text = (await response.text()).slice(0, MOST_CHARS);
    const { status } = response;
    if (response.ok) {
      return { tool: adapter.id, ok: true, url, model, status, what: `${model} answered`, hint: null };
    }
    const hint = `ownkey doctor ${response.headers.get("x-ownkey-request-id") ?? ""}`.trim();
    return failed(`${status}: ${messageOf(text)}`, { url, model, status, hint });
  } catch {
    return failed(`nothing answers at ${url}`, {
      url,
      model,
      hint: "ownkey up --detach, or ownkey service install",
    });
  }
}

/** Its base URL may name one. */
function connectionInUrl(adapter: ToolAdapter, machine: ToolMachine): string | undefined {
  return /\/c\/([^/]+)/.exec(explainTool(adapter, machine).baseUrl.winner?.value?.reveal() ?? "")?.[1];
}

/** The one that the tool's virtual key is bound to, when several could serve it. */
async function boundConnection(
  { virtualKeys, connections }: Control,
  { id }: ToolAdapter,
): Promise<string | undefined> {
  const key = (await virtualKeys.list()).find(
    ({ policy, state }) => policy.tool === id && state === "active" && policy.defaultConnection !== null,
  );
  const bound = key?.policy.defaultConnection;
  return bound && (await connections.list()).some((one) => one.id === bound) ? bound : undefined;
}

/** Each dialect has its message at the same place. */
function messageOf(text: string): string {
  const error = objectAt(parseJson(text), "error");
  return maskSecrets(stringAt(error, "message") ?? (text.slice(0, 300) || "no reason was given"));
}
