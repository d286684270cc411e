import { programOnPath, type ToolAdapter, type ToolMachine } from "../../tools/index.ts";

const WITHIN_MS = 3_000;
const MOST_CHARS = 4_096;

/** What `PROGRAM --version` says, as far as it says a version in time; null otherwise. */
export async function versionOf({ program }: ToolAdapter, machine: ToolMachine): Promise<string | null> {
  const path = program === undefined ? undefined : programOnPath(machine, program);
  if (path === undefined) return null;
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
