import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../test/support/free-port.ts";
import { pinned } from "../processes.ts";
import { type Rival, started } from "./rival.ts";

/** Bifrost without a database or logs, from a program `bifrost-http` in that folder or the PATH. */
export async function startBifrost(upstreamPort: number, folder: string): Promise<Rival> {
  const program = Bun.which("bifrost-http", { PATH: `${folder}:${process.env["PATH"] ?? ""}` });
  if (program === null) return { missing: "Bifrost is not there" };
  const home = mkdtempSync(join(tmpdir(), "ownkey-bench-bifrost-"));
  const port = await freePort();
  const keys = [{ name: "bench", value: "none", models: ["*"], weight: 1 }];
  const config = {
    client: { enable_logging: false },
    providers: {
      openai: { keys, network_config: { base_url: `http://127.0.0.1:${upstreamPort}` } },
    },
    config_store: { enabled: false },
    logs_store: { enabled: false },
  };
  writeFileSync(join(home, "config.json"), JSON.stringify(config));
  const command = [program, "-app-dir", home, "-host", "127.0.0.1", "-port", String(port)];
  const child = Bun.spawn(pinned(command), { cwd: home, stdout: "ignore", stderr: "ignore" });
  return await started({ name: "Bifrost", port, child, folder: home, model: "openai/gpt-4.1-mini" });
}
