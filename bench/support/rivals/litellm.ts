import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../test/support/free-port.ts";
import { pinned } from "../processes.ts";
import { type Rival, started } from "./rival.ts";

/** LiteLLM's proxy with one worker and no database, from a virtual environment `litellm` in that folder or the PATH. */
export async function startLiteLlm(upstreamPort: number, folder: string): Promise<Rival> {
  const own = join(folder, "litellm/bin/litellm");
  const program = existsSync(own) ? own : Bun.which("litellm");
  if (program === null) return { missing: "LiteLLM is not there" };
  const home = mkdtempSync(join(tmpdir(), "ownkey-bench-litellm-"));
  const port = await freePort();
  const config = join(home, "config.yaml");
  // It refuses to start without one, and looks at its strength.
  const masterKey = `sk-${crypto.randomUUID()}`;
  const upstream = `http://127.0.0.1:${upstreamPort}/v1`;
  writeFileSync(
    config,
    JSON.stringify({
      model_list: [
        {
          model_name: "gpt-4.1-mini",
          litellm_params: { model: "openai/gpt-4.1-mini", api_base: upstream, api_key: "none" },
        },
      ],
      general_settings: { master_key: masterKey },
    }),
  );
  const command = [program, "--config", config, "--host", "127.0.0.1", "--port", String(port)];
  const child = Bun.spawn(pinned([...command, "--telemetry", "False"]), {
    cwd: home,
    // Its own copy of the prices, as this needs no other host; and no line for each request.
    env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_LOG: "ERROR" },
    stdout: "ignore",
    stderr: "ignore",
  });
  return await started({ name: "LiteLLM", port, child, folder: home, credential: masterKey });
}
