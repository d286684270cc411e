import {
  ADAPTERS,
  detectTools,
  type Explanation,
  explainTool,
  isOwnkeyCredential,
  isTokenCommand,
  systemMachine,
  type ToolAdapter,
} from "../../tools/index.ts";
import { type Check, type CheckResult, ok, skip } from "../check.ts";
import { isGatewayUrl } from "../gateway-origins.ts";
import type { MachineContext } from "../machine-context.ts";

/** One check for each tool that this user has: would its requests reach a provider, and by which way. */
export function toolChecks(context: MachineContext): Check[] {
  const { platform, userHome: home, environment } = context;
  const machine = systemMachine({ platform, home, env: environment });
  const found = new Set(detectTools(machine).map(({ id }) => id));
  return ADAPTERS.filter(({ id, detect }) => (detect ? detect(machine) !== undefined : found.has(id))).map(
    (adapter) => ({
      id: `tools.route:${adapter.id}`,
      title: adapter.name,
      group: "tools",
      run: async () => await judged(context, adapter, explainTool(adapter, machine)),
    }),
  );
}

async function judged(
  context: MachineContext,
  adapter: ToolAdapter,
  explained: Explanation,
): Promise<CheckResult> {
  const { id } = adapter;
  const connect = `ownkey tools connect ${id}`;
  const [problem] = explained.problems;
  if (problem !== undefined) {
    return { status: "fail", what: `its settings cannot be read: ${problem}`, next: `ownkey explain ${id}` };
  }
  const key = explained.key.winner;
  const ours = isOwnkeyCredential(key?.value) || isTokenCommand(key?.value, id);
  const gateway = isGatewayUrl(explained.goesTo, {
    runningUrl: context.program.told?.url,
    setting: context.setting,
  });
  if (!gateway && explained.bySubscription)
    return skip("it is signed in and paid by subscription, past Ownkey");
  if (!gateway && ours) return await astray(context, explained, connect);
  if (!gateway) {
    if (!key) return skip("it is not set up with a key", connect);
    return {
      status: "warn",
      what: `it takes its key from ${key.label} and goes past Ownkey`,
      why: "its use is neither counted nor limited, and its key lies open",
      next: `ownkey explain ${id} shows why; ${connect}`,
    };
  }
  if (!ours) {
    return {
      status: "fail",
      what: `it reaches Ownkey with a key that is not Ownkey's${key ? ` (${key.label})` : ""}, and is refused`,
      checklist: explained.key.shadowed.map(({ label }) => ({
        text: `${label} is set as well, and ignored`,
        state: "open",
      })),
      next: `ownkey explain ${id} shows what wins; ${connect}`,
    };
  }
  return await routed(context, adapter, explained, connect);
}

/** A credential of ours that is sent elsewhere is refused there; mostly the port is another one now. */
async function astray(
  context: MachineContext,
  { goesTo }: Explanation,
  connect: string,
): Promise<CheckResult> {
  const running = context.program.told?.url;
  return {
    status: "fail",
    what: `it holds Ownkey's credential and sends it to ${URL.parse(goesTo)?.origin ?? "another address"}`,
    why: running === undefined ? "that is not where Ownkey listens" : `Ownkey listens at ${running}`,
    next: connect,
  };
}

/** The models' list by the tool's own address and credential: it costs nothing and goes the whole way. */
async function routed(
  { program, fetch }: MachineContext,
  { traits }: ToolAdapter,
  { goesTo, key }: Explanation,
  connect: string,
): Promise<CheckResult> {
  if (!program.answers) {
    return {
      status: "fail",
      what: "it is set up for Ownkey, which does not run",
      next: "ownkey up --detach",
    };
  }
  const value = key.winner?.value;
  if (key.winner?.kind === "command" || !value)
    return ok("it goes through Ownkey, with a token that it asks for");
  const [{ wire }] = traits.styles;
  const path = wire === "gemini" ? "/v1beta/models" : "/v1/models";
  const { status } = await fetch(`${goesTo.replace(/\/+$/, "")}${path}`, {
    authorization: `Bearer ${value.reveal()}`,
    ...(wire === "messages" ? { "anthropic-version": "2023-06-01" } : {}),
  });
  if (status === 401) {
    return {
      status: "fail",
      what: "its virtual key is not accepted: revoked, expired, or of another Ownkey",
      next: connect,
    };
  }
  if (status === 403 || status === 400) {
    return {
      status: "warn",
      what: `Ownkey takes its virtual key and refuses the route (status ${status})`,
      next: "see what the key may use: ownkey vk list; ownkey connections list",
    };
  }
  return ok("it goes through Ownkey, and its virtual key is accepted");
}
