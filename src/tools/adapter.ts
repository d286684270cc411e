/**
 * The contract of tool adapters. An adapter is data and pure functions over a {@link ToolMachine}: it says where a tool
 * reads its key and base URL from and in which order (`sources`), and which values would make it use the gateway
 * (`plan`). Detecting, reading, explaining, applying, undoing and verifying are the same for all tools and exist once:
 *
 * | part      | where                                                                     |
 * |-----------|---------------------------------------------------------------------------|
 * | places    | `TOOLS` (does the user have it), `toolFiles` (all its files)              |
 * | detect    | `detectTools`, or {@link ToolAdapter.detect} for what is no tool there    |
 * | read      | {@link ToolAdapter.sources}                                               |
 * | explain   | `explainTool`: which source wins, what it shadows, where requests go      |
 * | plan      | {@link ToolAdapter.plan} → `planFiles` → bytes, `maskedDiff`              |
 * | apply     | `Changes.apply`                                                           |
 * | undo      | `Changes.undo`                                                            |
 * | verify    | `verifyRequest`: what the tool would send, from what its files say now    |
 */
import type { Secret } from "../kernel/index.ts";
import type { FileRequest } from "./change/change.ts";
import type { Source, Sources } from "./source.ts";
import type { ToolMachine } from "./tool-machine.ts";
import type { Wire, WireStyle } from "./wire.ts";

export interface ToolTraits {
  /** What it can send, the best choice first, and how. The first that a connection serves is used. */
  readonly styles: readonly [WireStyle, ...WireStyle[]];
  /**
   * The best way it takes a credential. `command`: it runs a program that prints one. `reference`: the name of a place
   * outside its settings (a variable, a file). `literal`: the value itself, in a file. `dialog`: only a person can
   * enter it.
   */
  readonly takes: "command" | "reference" | "literal" | "dialog";
  /**
   * It asks for its credential again before an hour is over, so a tool token will do. Others get a virtual key of their
   * own: {@link ConnectTarget.key}.
   */
  readonly refreshesToken: boolean;
  /** Models stand in its settings or have to be entered: {@link ConnectTarget.models}. Others bring their own. */
  readonly wantsModels?: boolean;
  /** What has to be done before a change is seen; absent when the tool sees it by itself. */
  readonly restart?: string;
  /** Its maker's servers send its requests, so that the gateway needs a public address. */
  readonly fromOutside?: boolean;
  /** A desktop program: variables of the shell may not reach it. */
  readonly desktop?: boolean;
  /** Where its requests go when nothing is said. */
  readonly usualUrl: string;
}

/** What a tool is to be connected to. */
export interface ConnectTarget {
  /** The gateway's address without a slash at its end; of this tool: {@link toolUrl}. */
  readonly gatewayUrl: string;
  /** The absolute path of `ownkey install`. */
  readonly program: string;
  /** The home, when it is not the usual one: a tool may be started where OWNKEY_HOME is not set. */
  readonly home?: string;
  /** A virtual key of the tool's own; given when {@link ToolTraits.refreshesToken} is false. */
  readonly key?: Secret;
  /** The style that is to be used, one of the tool's own. */
  readonly style: WireStyle;
  /** Models that the gateway offers on that wire, the usual one first; given to {@link ToolTraits.wantsModels}. */
  readonly models?: readonly [string, ...string[]];
  /** Every wire that some connection serves; for environments, which several programs with different SDKs read. */
  readonly served: readonly Wire[];
}

/** Something that only a person can do, in words, with the exact values to enter. */
export interface Step {
  readonly text: string;
  readonly values?: readonly { readonly name: string; readonly value: string | Secret }[];
  /** Text to be put into a file of the user's own: Lua code. */
  readonly snippet?: string | Secret;
}

export interface ToolPlan {
  /** Values to be set in files; see `planFiles`. */
  readonly files: readonly FileRequest[];
  /** What is left for a person. A tool that has no file at all has steps only. */
  readonly steps: readonly Step[];
  /** What the user has to know before agreeing. */
  readonly notes: readonly string[];
}

export interface Habit {
  readonly wire?: Wire | undefined;
  readonly model?: string | undefined;
}

export interface ToolAdapter {
  /** As in `TOOLS`, `ownkey token ID` and `/t/ID/…`. */
  readonly id: string;
  /** As its maker writes it. */
  readonly name: string;
  readonly traits: ToolTraits;
  /** Only where `TOOLS` does not know it: the place that gives it away. */
  readonly detect?: (machine: ToolMachine) => string | undefined;
  /** The program whose `--version` tells the version, when there is one. */
  readonly program?: string;
  /**
   * Every place from which it takes its key and its base URL and that is set now, the strongest first. Follows
   * references as the tool itself does. Never opens a keychain and reads no login.
   */
  readonly sources: (sources: Sources) => readonly Source[];
  /** What it sends now, and to which model: connecting keeps both where a connection serves them. */
  readonly habit?: (sources: Sources) => Habit;
  /** Works with what is there. Pure: the files are read through the machine, and nothing is written. */
  readonly plan: (machine: ToolMachine, target: ConnectTarget) => ToolPlan;
  /** Why it must not be changed now: it runs and would overwrite the change. `undefined` when nothing stands against it. */
  readonly refusal?: (machine: ToolMachine) => string | undefined;
  /** What works through the gateway and what cannot, said before anything is changed. */
  readonly limits?: readonly string[];
  /** Only on request: `--all` leaves it out, and this says why. */
  readonly notInAll?: string;
}

/** The base URL of one tool at the gateway, without version segment: its own path keeps its use apart. */
export function toolUrl({ gatewayUrl }: Pick<ConnectTarget, "gatewayUrl">, tool: string): string {
  return `${gatewayUrl}/t/${tool}`;
}

/** The command that prints a credential, for tools that run one without a shell. */
export function tokenCommand(
  { program, home }: Pick<ConnectTarget, "program" | "home">,
  tool: string,
): readonly [string, ...string[]] {
  const command = [program, "token", tool] as const;
  return home === undefined ? command : ["/usr/bin/env", `OWNKEY_HOME=${home}`, ...command];
}

/** The same as one line for a shell. */
export function tokenCommandLine(target: Pick<ConnectTarget, "program" | "home">, tool: string): string {
  return tokenCommand(target, tool)
    .map((word) => (/^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}

/** The virtual key of a tool that keeps one. @throws when it was not given: the caller has to look at the traits. */
export function keyOf({ key }: ConnectTarget): Secret {
  if (key) return key;
  throw new TypeError("this tool needs a virtual key of its own");
}

/** The models of a tool that wants some. @throws when they were not given: the caller has to look at the traits. */
export function modelsOf({ models }: ConnectTarget): readonly [string, ...string[]] {
  if (models) return models;
  throw new TypeError("this tool needs a list of models");
}

export type { Wire };
