import { maskValue, type Secret } from "../kernel/index.ts";
import type { ToolAdapter } from "./adapter.ts";
import { type Source, Sources } from "./source.ts";
import type { ToolMachine } from "./tool-machine.ts";

/** Sources of one thing in the order in which the tool asks them. */
export interface Ranked {
  /** The one that is used. */
  readonly winner: Source | undefined;
  /** Set as well, and without effect. */
  readonly shadowed: readonly Source[];
}

/** What a tool would really do now. */
export interface Explanation {
  readonly tool: string;
  readonly key: Ranked;
  readonly baseUrl: Ranked;
  /** Where requests go: what the winning base URL says, else the tool's usual address. */
  readonly goesTo: string;
  /** Signed in to the maker's account, and nothing outranks that: use is paid by subscription. */
  readonly bySubscription: boolean;
  /** Files that could not be read. */
  readonly problems: readonly string[];
  /** Why it may not be as the user believes. */
  readonly notes: readonly string[];
}

/** Every source, which one wins, what it shadows and where requests go. Reads files, runs nothing, asks nobody. */
export function explainTool(adapter: ToolAdapter, machine: ToolMachine): Explanation {
  const reader = new Sources(machine);
  const sources = adapter.sources(reader);
  const key = ranked(sources, "key");
  const baseUrl = ranked(sources, "base-url");
  return {
    tool: adapter.id,
    key,
    baseUrl,
    goesTo: baseUrl.winner?.value?.reveal() ?? adapter.traits.usualUrl,
    bySubscription: key.winner?.kind === "login",
    problems: reader.problems,
    notes: [...shellNotes(adapter, [key, baseUrl]), ...placeholderNotes(key)],
  };
}

/** A source's value for people: a key as a hint, a URL or command as it is. */
export function shownValue({ what, kind, value }: Source): string {
  if (!value) return kind === "login" ? "signed in" : "kept in a keychain or encrypted";
  return what === "key" && kind === "literal" ? maskValue(value.reveal()) : value.reveal();
}

function ranked(sources: readonly Source[], what: Source["what"]): Ranked {
  const [winner, ...shadowed] = sources.filter((source) => source.what === what);
  return { winner, shadowed };
}

function shellNotes({ name, traits }: ToolAdapter, all: readonly Ranked[]): string[] {
  if (!traits.desktop) return [];
  return all.flatMap(({ winner, shadowed }) => {
    if (winner?.variable === undefined) return [];
    const next = shadowed.find(({ variable }) => variable === undefined);
    const then = next ? `then ${next.label} counts` : "then nothing is set";
    return [
      `${winner.variable} is set in this shell; ${name} started from the desktop does not see the shell's variables, ${then}`,
    ];
  });
}

function placeholderNotes({ winner }: Ranked): string[] {
  if (winner?.kind !== "reference") return [];
  return [`${winner.label} refers to something that is not there: the tool sends no usable key`];
}

/** Whether a credential is one of the gateway's. */
export function isOwnkeyCredential(value: Secret | undefined): boolean {
  return value?.reveal().startsWith("sk-ownkey-") ?? false;
}
