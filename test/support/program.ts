/**
 * The program under test. A start from source reads some hundred files; the suite starts it more than a hundred
 * times. So it is built once per run, as `npm run build` does, into the temporary home that scripts/test.ts removes.
 */
import { existsSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { buildExecutable } from "../../scripts/executable.ts";

const root = join(import.meta.dir, "../..");

/** How to start Ownkey: the executable built from the source as it is, or the source itself under plain `bun test`. */
export async function ownkeyCommand(): Promise<readonly string[]> {
  const home = homedir();
  if (!basename(home).startsWith("ownkey-test-home-")) return [process.execPath, join(root, "src/main.ts")];
  const program = join(home, "ownkey-under-test");
  if (!existsSync(program)) await (underWay.get(program) ?? start(program));
  return [program];
}

/** Builds that several tests wait for at once. */
const underWay = new Map<string, Promise<void>>();

function start(program: string): Promise<void> {
  const building = build(program);
  underWay.set(program, building);
  return building;
}

async function build(program: string): Promise<void> {
  const outfile = `${program}.${crypto.randomUUID()}`;
  await buildExecutable(outfile, { minify: false });
  // Whole or not at all, should two test files ask for it at once.
  renameSync(outfile, program);
}
