/** The executable: the program and the threads that it starts, which are entry points of their own. */
import { join } from "node:path";

const SOURCE = join(import.meta.dir, "../src");
/** Below `src`. */
export const ENTRIES: readonly string[] = [
  "main.ts",
  "budgets/tightening/tokenizer-worker.ts",
  "store/sqlite/worker.ts",
  "ledger/checkpoint-worker.ts",
  "ledger/sums/roll-up-worker.ts",
  "scan/threads/look-worker.ts",
];

/** Builds it for this machine. Throws with what the bundler says when it cannot. */
export async function buildExecutable(outfile: string, { minify }: { minify: boolean }): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: ENTRIES.map((path) => join(SOURCE, path)),
    root: SOURCE,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    // `ownkey token` then evaluates its own few lines only; in one piece, the imports of everything would come first.
    splitting: true,
    minify,
    bytecode: true,
    sourcemap: "none",
    target: "bun",
    format: "esm",
  });
  if (!success) throw new Error(`the program cannot be built: ${logs.map(String).join("; ")}`);
}
