// Everything that must hold before a commit: format, types, lint, structure, tests. `--fix` writes the format first;
// `--no-tests` leaves the tests to another step.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const tool = (name: string) => join(root, "node_modules/.bin", name);
const fix = process.argv.includes("--fix");
const sources = ["src", "test", "bench", "scripts", "package.json", "tsconfig.json"];

const steps: [name: string, command: string, args: string[]][] = [
  ["format", tool("oxfmt"), fix ? sources : ["--check", ...sources]],
  ["types", tool("tsc"), ["--noEmit", "-p", "."]],
  ["lint", tool("oxlint"), ["--type-aware", "--deny-warnings", ...(fix ? ["--fix"] : []), "."]],
];
if (!process.argv.includes("--no-tests") && !fix) {
  steps.push(["tests", process.execPath, [join(root, "scripts/test.ts")]]);
}

let failed = 0;
for (const [name, command, args] of steps) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  console.log(`${name}: ${status === 0 ? "ok" : "failed"}`);
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
