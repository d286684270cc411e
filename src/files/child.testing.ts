/** A process of its own for tests of what outlives a process: `bun child.testing.ts WHAT PATH`. */
import { writeDurable } from "./durable.ts";
import { tryLock } from "./lock.ts";

const [what, path = ""] = process.argv.slice(2);

if (what === "lock") {
  process.stdout.write(tryLock(path) ? "held\n" : "busy\n");
  await new Promise(() => setInterval(() => {}, 60_000));
}

process.stdout.write("writing\n");
// Until it is killed: whole files only, each of one letter.
for (let round = 0; ; round++) writeDurable(path, String.fromCharCode(97 + (round % 26)).repeat(200_000));
