import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "../../kernel/index.ts";
import { notice } from "../notice.ts";
import type { Origin } from "../origin.ts";
import { type Source, type SourceItem, type SourceStream, streamOf } from "../source.ts";
import { parseProcessList, type ProcessTexts } from "./process-list.ts";

export interface EnvironmentSourceOptions {
  /** As `process.platform` says. */
  readonly platform: string;
  /** Whose processes: one's own user id. */
  readonly userId: number;
  /** `/proc`, on Linux. */
  readonly processFolder?: string;
  /** For macOS: what {@link PROCESS_LIST} prints. */
  readonly listProcesses?: (command: readonly string[]) => Promise<string>;
}

/** Own processes with their arguments and environment, each on a line. */
const PROCESS_LIST = ["ps", "-x", "-E", "-ww", "-o", "pid=,comm=,command="] as const;

/**
 * The environments and arguments of one's own processes. A variable that many processes have with the same value, as
 * they inherit it, counts once. Arguments can be read by every user of the machine.
 */
export function environmentSource(options: EnvironmentSourceOptions): Source {
  return {
    name: "environments of own processes",
    async *items(): AsyncGenerator<SourceItem> {
      if (options.platform === "linux") yield* streamsOf(linuxProcesses(options));
      else if (options.platform === "darwin" && options.listProcesses) {
        yield* streamsOf(parseProcessList(await options.listProcesses(PROCESS_LIST)));
      } else yield notice("source_failed", "environments", `they cannot be read on ${options.platform}`);
    },
  };
}

function* linuxProcesses({
  processFolder = "/proc",
  userId,
}: EnvironmentSourceOptions): Generator<ProcessTexts> {
  const ids = readdirSync(processFolder).filter((name) => /^\d+$/.test(name));
  for (const id of ids.toSorted((a, b) => Number(a) - Number(b))) {
    const folder = join(processFolder, id);
    const read = (name: string) =>
      readOrNothing(join(folder, name))
        .split("\0")
        .filter((text) => text !== "");
    if (ownerOf(folder) !== userId) continue;
    yield { id, name: read("comm").join("").trim(), args: read("cmdline"), variables: read("environ") };
  }
}

function* streamsOf(processes: Iterable<ProcessTexts>): Generator<SourceStream> {
  // By text: of some hundred processes with some ten kilobytes each, mostly the same.
  const holders = new Map<string, ProcessTexts[]>();
  for (const one of processes) {
    for (const variable of one.variables) holders.set(variable, [...(holders.get(variable) ?? []), one]);
    if (one.args.length > 0)
      yield stream(`arguments of process ${one.id} (${one.name})`, "everyone", one.args.join(" "));
  }
  for (const [variable, [first, ...more]] of holders) {
    if (!first) continue;
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    const name = variable.slice(0, Math.max(0, variable.indexOf("=")));
    yield stream(
      `${name} in the environment of process ${first.id} (${first.name})${others}`,
      "owner",
      variable,
    );
  }
}

function stream(path: string, readers: Origin["readers"], text: string): SourceStream {
  return streamOf({ kind: "environment", path, ...(readers ? { readers } : {}) }, utf8(text));
}

/** Processes end while they are looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function ownerOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.uid;
}
