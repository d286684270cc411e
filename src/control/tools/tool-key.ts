import {
  type Caller,
  isVirtualKeyToken,
  tokenHash,
  toolKeyName,
  type VirtualKey,
} from "../../access/index.ts";
import type { Secret } from "../../kernel/index.ts";
import { explainTool, type ToolAdapter, type ToolMachine } from "../../tools/index.ts";
import type { Control } from "../control.ts";
import type { Way } from "./way.ts";

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
}

/**
 * The virtual key `tool:TOOL`, in force, allowed what the tool needs. A tool that holds a good one already keeps it; else
 * it gets a new one, and the old one ends.
 */
export async function toolKeyFor(
  control: Pick<Control, "virtualKeys">,
  caller: Caller,
  { adapter, machine }: { readonly adapter: ToolAdapter; readonly machine: ToolMachine },
  { way, expiresAtMs }: ToolKeyOptions,
): Promise<ToolKey> {
  const { virtualKeys } = control;
  const name = toolKeyName(adapter.id);
  const policy = {
    tool: adapter.id,
    ...(way.hasRivals ? { defaultConnection: way.connection.id } : {}),
  };
  const there = (await virtualKeys.list()).find((one) => one.name === name && one.state !== "revoked");
  if (!there) {
    const made = await virtualKeys.create(caller, { name, policy, expiresAtMs: expiresAtMs ?? null });
    return { virtualKey: made.virtualKey, ...tokenOf(adapter, made.token), isNew: true };
  }
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
  { policy, expiresAtMs }: { policy: { defaultConnection?: string }; expiresAtMs: number | undefined },
): Promise<VirtualKey> {
  const wanted = policy.defaultConnection;
  const changes = {
    ...(wanted !== undefined && virtualKey.policy.defaultConnection !== wanted
      ? { policy: { defaultConnection: wanted } }
      : {}),
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
