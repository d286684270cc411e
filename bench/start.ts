// How long a start takes: `ownkey up` until it is ready, `ownkey token TOOL` from cold against a running `up`, and what
// `up` weighs while idle. Measures dist/ownkey (`npm run build` first) and the checkout; an empty program is the baseline.
// `--times 20`
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mebi, median, percentile, table } from "./support/numbers.ts";
import { pinThisProcess, residentBytes } from "./support/processes.ts";
import { PROGRAM, startOwnkey } from "./support/servers.ts";
import { numberOption } from "./support/options.ts";

const EXECUTABLE = join(import.meta.dir, "../dist/ownkey");
/** Until what the start left behind is collected. */
const IDLE_AFTER_MS = 5000;

const times = numberOption("--times", 20);

pinThisProcess();
const rows: string[][] = [["", "median", "p90"]];
const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-start-"));
try {
  const script = join(folder, "empty.ts");
  writeFileSync(script, "");
  await repeat("empty program", () => runOnce([process.execPath, script]));
  for (const program of [EXECUTABLE, PROGRAM]) {
    if (existsSync(program)) await measure(program, program === EXECUTABLE ? "dist/ownkey" : "bin/ownkey");
    else console.log("there is no dist/ownkey: npm run build makes it");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(table(rows));

async function measure(program: string, name: string): Promise<void> {
  const readyMs: number[] = [];
  const startMs: number[] = [];
  for (let number = 0; number < times; number++) {
    const ownkey = await startOwnkey(program);
    readyMs.push(ownkey.readyMs);
    startMs.push(ownkey.startMs);
    await ownkey.stop();
  }
  add(`${name} up, a new home: until its ready line`, readyMs);
  add(`  of which by its own clock`, startMs);

  const ownkey = await startOwnkey(program);
  try {
    await ownkey.run(["token", "x"]);
    const command = [program, "token", "x"];
    await repeat(`${name} token x`, () => runOnce(command, ownkey.environment));
    await Bun.sleep(IDLE_AFTER_MS);
    const bytes = residentBytes(ownkey.pid);
    rows.push([`${name} up: idle memory`, bytes === undefined ? "not known" : mebi(bytes), ""]);
  } finally {
    await ownkey.stop();
  }
}

async function repeat(what: string, once: () => Promise<number>): Promise<void> {
  const takenMs: number[] = [];
  for (let number = 0; number < times; number++) takenMs.push(await once());
  add(what, takenMs);
}

function add(what: string, takenMs: readonly number[]): void {
  rows.push([what, `${median(takenMs).toFixed(1)} ms`, `${percentile(takenMs, 90).toFixed(1)} ms`]);
}

/** From before the process is made until it has ended and all its output is read. */
async function runOnce(command: readonly string[], env?: Record<string, string>): Promise<number> {
  const startedMs = performance.now();
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "inherit", ...(env ? { env } : {}) });
  await Promise.all([new Response(child.stdout).text(), child.exited]);
  const takenMs = performance.now() - startedMs;
  if (child.exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${child.exitCode}`);
  return takenMs;
}
