// Builds one executable for this machine: dist/ownkey.
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildExecutable } from "./executable.ts";

const dist = join(import.meta.dir, "../dist");
const outfile = join(dist, "ownkey");
mkdirSync(dist, { recursive: true });
await buildExecutable(outfile, { minify: true });
chmodSync(outfile, 0o755);
console.log(`dist/ownkey: ${(statSync(outfile).size / 1024 / 1024).toFixed(0)} MB`);
