import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../test/support/free-port.ts";
import { pinned } from "../processes.ts";
import { type Rival, started } from "./rival.ts";

/** Portkey's gateway under Node, from a folder in which `npm install @portkey-ai/gateway` was done. */
export async function startPortkey(upstreamPort: number, folder: string): Promise<Rival> {
  const script = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  const node = Bun.which("node");
  if (node === null || !existsSync(script)) return { missing: "Portkey is not there" };
  const port = await freePort();
  const shim = join(import.meta.dir, "portkey-fetch.mjs");
  const child = Bun.spawn(pinned([node, "--import", shim, script, "--headless", `--port=${port}`]), {
    cwd: folder,
    // It asks whether hosts are its own; the loopback has to be allowed.
    env: { ...process.env, TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost" },
    stdout: "ignore",
    stderr: "ignore",
  });
  const headers = [
    "x-portkey-provider: openai",
    `x-portkey-custom-host: http://127.0.0.1:${upstreamPort}/v1`,
  ];
  return await started({ name: "Portkey", port, child, headers });
}
