// Runs a script under the pinned Bun, installing the locked packages first when they are missing.
// Plain Node 20 without packages: this is all that a fresh machine can run.
import { createHash } from "node:crypto";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The Bun binary: its install script moves it into `bun/bin`; where scripts are off it stays in `@oven`. */
function findBun() {
  const moved = join(root, "node_modules/bun/bin/bun.exe");
  const scope = join(root, "node_modules/@oven");
  const platform = existsSync(scope)
    ? readdirSync(scope).flatMap((name) => [join(scope, name, "bin/bun"), join(scope, name, "bin/bun.exe")])
    : [];
  return [...platform, moved].find(
    (path) => existsSync(path) && spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

/** What the script needs: running Ownkey does without the development packages. */
const [script, ...args] = process.argv.slice(2);
const needs = script === undefined || script.startsWith("src/") ? "runtime" : "all";

/** True when the installed tree holds what is needed and was made from the lock file as it is now. */
function isInstalled() {
  try {
    const [level, lock] = readFileSync(marker(), "utf8").split("\n", 2);
    return lock === lockDigest() && (level === "all" || level === needs);
  } catch {
    return false;
  }
}

function marker() {
  return join(root, "node_modules/.ownkey-installed");
}

function lockDigest() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

// Not `npm ci`: it refuses a lock file made where the registry did not offer every platform's optional package.
// The locked versions and hashes hold for `npm install` as well, and `--no-save` leaves the lock file alone.
function install() {
  process.stderr.write("Installing the locked packages…\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const omit = needs === "all" ? [] : ["--omit=dev"];
  const { status } = spawnSync(
    npm,
    ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", ...omit],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
      env: { ...process.env, NODE_ENV: "" },
    },
  );
  if (status !== 0) {
    process.stderr.write("npm could not install the packages; the lines above say why.\n");
    process.exit(1);
  }
  writeFileSync(marker(), `${needs}\n${lockDigest()}`);
}

if (!isInstalled()) install();
const bun = findBun();
if (!bun) {
  process.stderr.write("No Bun binary for this platform was installed. Remove node_modules and try again.\n");
  process.exit(1);
}

if (script === undefined) process.exit(0);
const child = spawn(bun, [join(root, script), ...args], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
