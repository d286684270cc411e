// Builds one executable for this machine: dist/ownkey. Worker threads are entry points of their own.
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const ENTRIES = [
  "main.ts",
  "budgets/tightening/tokenizer-worker.ts",
  "store/sqlite/worker.ts",
  "ledger/checkpoint-worker.ts",
  "ledger/sums/roll-up-worker.ts",
  "scan/threads/look-worker.ts",
];
const outfile = join(root, "dist/ownkey");
mkdirSync(join(root, "dist"), { recursive: true });

const built = await Bun.build({
  entrypoints: ENTRIES.map((path) => join(root, "src", path)),
  root: join(root, "src"),
  compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  // `ownkey token` then evaluates its own few lines only; in one piece, the imports of everything would come first.
  splitting: true,
  minify: true,
  bytecode: true,
  sourcemap: "none",
  target: "bun",
  format: "esm",
});
if (!built.success) {
  for (const message of built.logs) console.error(message);
  process.exit(1);
}
chmodSync(outfile, 0o755);
console.log(`dist/ownkey: ${(statSync(outfile).size / 1024 / 1024).toFixed(0)} MB`);
