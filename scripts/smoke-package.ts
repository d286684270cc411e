// Packs the npm package, installs it into an empty folder, and runs the smoke test with its command.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const folder = mkdtempSync(join(tmpdir(), "ownkey-package-"));

function run(command: string, args: string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ""} ended with ${status ?? "a signal"}`);
}

try {
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", join(folder, archive)], folder);
  run(process.execPath, [join(root, "scripts/smoke.ts"), join(folder, "node_modules/.bin/ownkey")], root);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
