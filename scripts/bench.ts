// Runs the benchmarks of bench/, all or those named. Options behind the names go to each of them.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "../bench");
const all = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort();
const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const named = firstOption < 0 ? args : args.slice(0, firstOption);
const options = firstOption < 0 ? [] : args.slice(firstOption);
const unknown = named.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are: ${all.join(", ")}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : all) {
  console.log(`\n# ${name}`);
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.ts`), ...options], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
