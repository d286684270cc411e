import { AppError, type Secret } from "../kernel/index.ts";
import type { ToolAdapter } from "./adapter.ts";
import { explainTool } from "./explain.ts";
import type { Source } from "./source.ts";
import type { ToolMachine } from "./tool-machine.ts";
import { smallestRequest, type WireRequest, type WireStyle } from "./wire.ts";

export interface VerifyOptions {
  readonly model: string;
  /** One of the tool's own; the first unless told. */
  readonly style?: WireStyle;
  /** Gives the credential that `ownkey token TOOL` prints; nobody runs commands out of files of settings. */
  readonly issueToken: (tool: string) => Promise<Secret>;
}

/**
 * The request that the tool would send now, by what its files and the environment say: its base URL, its credential, its
 * path and headers.
 * @throws AppError `conflict` when it would not use the gateway at all: it has no base URL, no credential of ours, or
 *   names a program for it that is not there.
 */
export async function verifyRequest(
  adapter: ToolAdapter,
  machine: ToolMachine,
  { model, style = adapter.traits.styles[0], issueToken }: VerifyOptions,
): Promise<WireRequest> {
  const { key, baseUrl } = explainTool(adapter, machine);
  const url = baseUrl.winner?.value?.reveal();
  if (url === undefined)
    throw notConnected(adapter, "has no base URL, so that its requests go past the gateway");
  assertProgram(adapter, machine, key.winner);
  const credential = await credentialOf(adapter, key.winner, issueToken);
  return smallestRequest(style, { baseUrl: url, key: credential, model });
}

/** @throws AppError `conflict` when the program that is to print the credential is not there. */
function assertProgram({ id, name }: ToolAdapter, machine: ToolMachine, winner: Source | undefined): void {
  if (winner?.kind !== "command" || !isTokenCommand(winner.value, id)) return;
  const words = unquoted(winner.value).slice(0, -` token ${id}`.length);
  // Behind `/usr/bin/env NAME=value`; spaces within the path are its own.
  const program = words.slice(words.lastIndexOf(" /") + 1);
  if (!program.startsWith("/") || machine.exists(program)) return;
  throw new AppError("conflict", `${name} runs ${program} to get its key, and no such program is there`, {
    hint: "ownkey install",
  });
}

async function credentialOf(
  adapter: ToolAdapter,
  winner: Source | undefined,
  issueToken: VerifyOptions["issueToken"],
): Promise<Secret> {
  if (winner?.kind === "command" && isTokenCommand(winner.value, adapter.id))
    return await issueToken(adapter.id);
  if (winner?.kind === "literal" && winner.value?.reveal().startsWith("sk-ownkey-")) return winner.value;
  throw notConnected(adapter, winner ? `takes its key from ${winner.label}` : "has no key");
}

/** Whether a command is `…/ownkey token TOOL`. */
export function isTokenCommand(command: Secret | undefined, tool: string): boolean {
  return unquoted(command).endsWith(`ownkey token ${tool}`);
}

function unquoted(command: Secret | undefined): string {
  return command?.reveal().replaceAll(/['"]/g, "") ?? "";
}

function notConnected({ id, name }: ToolAdapter, why: string): AppError {
  return new AppError("conflict", `${name} ${why}`, { hint: `ownkey tools connect ${id}` });
}
