import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseJson, stringAt } from "../../kernel/index.ts";
import { programOnPath, type ToolAdapter, type ToolMachine } from "../../tools/index.ts";

const WITHIN_MS = 3_000;
const MOST_CHARS = 4_096;
/** From a package's program up to its folder: `bundle/x.js`, `dist/cli/x.js`. */
const MOST_FOLDERS_UP = 4;

/**
 * What its package says, else what `PROGRAM --version` says, as far as it says a version in time; null otherwise.
 */
export async function versionOf({ program }: ToolAdapter, machine: ToolMachine): Promise<string | null> {
  const path = program === undefined ? undefined : programOnPath(machine, program);
  return path === undefined ? null : (packageVersion(path, machine) ?? (await toldVersion(path, machine)));
}

/** Of the npm package that the program belongs to. Some of them take seconds to start. */
function packageVersion(path: string, machine: ToolMachine): string | undefined {
  const real = realPath(path);
  if (!real.includes("/node_modules/")) return undefined;
  let folder = dirname(real);
  for (let up = 0; up < MOST_FOLDERS_UP && basename(folder) !== "node_modules"; up++) {
    const bytes = machine.read(join(folder, "package.json"));
    const version = bytes && stringAt(parseJson(Buffer.from(bytes).toString("utf8")), "version");
    if (version !== undefined) return version;
    folder = dirname(folder);
  }
  return undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function toldVersion(path: string, machine: ToolMachine): Promise<string | null> {
  try {
    const child = Bun.spawn([path, "--version"], {
      env: { ...machine.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: WITHIN_MS,
      killSignal: "SIGKILL",
    });
    const text = (await child.stdout.text()).slice(0, MOST_CHARS);
    return /\d+\.\d+(?:\.\d+)?(?:[-+][0-9A-Za-z.-]+)?/.exec(text)?.[0] ?? null;
  } catch {
    return null;
  }
}
