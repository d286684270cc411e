import {
  type Caller,
  isVirtualKeyToken,
  tokenHash,
  toolKeyName,
  type VirtualKey,
  type VirtualKeyPolicy,
} from "../../access/index.ts";
import type { Amount } from "../../budgets/index.ts";
import type { Secret } from "../../kernel/index.ts";
import { explainTool, type ToolAdapter, type ToolMachine } from "../../tools/index.ts";
import type { Control } from "../control.ts";
import { OUTSIDE_LIMITS } from "./from-outside.ts";
import type { Way } from "./way.ts";
import { setBudgets } from "../virtual-key-budgets.ts";

export interface ToolKey {
  readonly virtualKey: VirtualKey;
  /** Of a tool that keeps its credential; the others ask for tokens. */
  readonly token?: Secret;
  /** What it held before ends with this one. */
  readonly isNew: boolean;
}

export interface ToolKeyOptions {
  readonly way: Way;
  readonly expiresAtMs?: number | undefined;
  /** Hard budgets that it is to have. */
  readonly amounts?: readonly Amount[];
}

/**
 * The virtual key `tool:TOOL`, in force, allowed what the tool needs. A tool that holds a good one already keeps it; else
 * it gets a new one, and the old one ends.
 */
export async function toolKeyFor(
  control: Pick<Control, "virtualKeys" | "budgets">,
  caller: Caller,
  { adapter, machine }: { readonly adapter: ToolAdapter; readonly machine: ToolMachine },
  { way, expiresAtMs, amounts = [] }: ToolKeyOptions,
): Promise<ToolKey> {
  const { virtualKeys } = control;
  const name = toolKeyName(adapter.id);
  const policy = {
    tool: adapter.id,
    // Also where it is the only one: another one may come, and must not get the tool's requests.
    defaultConnection: way.connection.id,
    ...(adapter.traits.fromOutside
      ? {
          connections: [way.connection.id],
          rateLimits: { requestsPerMinute: OUTSIDE_LIMITS.requestsPerMinute },
        }
      : {}),
  };
  const there = await virtualKeys.named(name);
  if (!there) {
    const made = await virtualKeys.create(caller, { name, policy, expiresAtMs: expiresAtMs ?? null });
    try {
      await setBudgets(control, caller, made.virtualKey, amounts);
    } catch (error) {
      // Nobody has seen it yet, and it must not exist without its budget.
      await virtualKeys.revoke(caller, made.virtualKey.id);
      throw error;
    }
    return { virtualKey: made.virtualKey, ...tokenOf(adapter, made.token), isNew: true };
  }
  // Before it is used anew.
  await setBudgets(control, caller, there, amounts);
  if (there.state === "disabled") await virtualKeys.enable(caller, there.id);
  const virtualKey = await adjusted(control, caller, there, { policy, expiresAtMs });
  if (adapter.traits.refreshesToken) return { virtualKey, isNew: false };
  const held = await heldToken(control, adapter, machine, virtualKey);
  if (held) return { virtualKey, token: held, isNew: false };
  const issued = await virtualKeys.reissue(caller, there.id);
  return { virtualKey: issued.virtualKey, token: issued.token, isNew: true };
}

function tokenOf({ traits }: ToolAdapter, token: Secret): { token?: Secret } {
  return traits.refreshesToken ? {} : { token };
}

async function adjusted(
  { virtualKeys }: Pick<Control, "virtualKeys">,
  caller: Caller,
  virtualKey: VirtualKey,
  { policy, expiresAtMs }: { policy: Partial<VirtualKeyPolicy>; expiresAtMs: number | undefined },
): Promise<VirtualKey> {
  const names = Object.keys(policy) as (keyof VirtualKeyPolicy)[];
  const differs = names.some((name) => !Bun.deepEquals(virtualKey.policy[name], policy[name]));
  const changes = {
    ...(differs ? { policy } : {}),
    ...(expiresAtMs !== undefined && virtualKey.expiresAtMs !== expiresAtMs ? { expiresAtMs } : {}),
  };
  if (Object.keys(changes).length === 0) return virtualKey;
  return await virtualKeys.set(caller, virtualKey.id, changes);
}

/** What stands in the tool's own settings, when it is this virtual key's. */
async function heldToken(
  { virtualKeys }: Pick<Control, "virtualKeys">,
  adapter: ToolAdapter,
  machine: ToolMachine,
  { id }: VirtualKey,
): Promise<Secret | undefined> {
  const { key } = explainTool(adapter, machine);
  for (const source of [key.winner, ...key.shadowed]) {
    const text = source?.value?.reveal() ?? "";
    if (!isVirtualKeyToken(text)) continue;
    const found = await virtualKeys.findByHash(tokenHash(text));
    if (found?.id === id) return source?.value;
  }
  return undefined;
}
