import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinned } from "./processes.ts";
import type { ServerUnderTest } from "./servers.ts";
import { freePort } from "../../test/support/free-port.ts";

/** nginx as a plain reverse proxy, one worker, connections kept open; `undefined` where it is not installed. */
export async function startNginx(upstreamPort: number): Promise<ServerUnderTest | undefined> {
  const program = Bun.which("nginx");
  if (program === null) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-nginx-"));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }
  }
}
`,
  );
  const child = Bun.spawn(pinned([program, "-c", config, "-p", folder, "-e", join(folder, "error")]), {
    stdout: "ignore",
    stderr: "ignore",
  });
  return await started({ name: "nginx", port, child, folder });
}

/**
 * Portkey's gateway under Node, from a folder in which `npm install @portkey-ai/gateway` was done; `undefined` where it
 * is not there.
 */
export async function startPortkey(
  upstreamPort: number,
  folder: string | undefined,
): Promise<ServerUnderTest | undefined> {
  const script = join(folder ?? "", "node_modules/@portkey-ai/gateway/build/start-server.js");
  const node = Bun.which("node");
  if (folder === undefined || node === null || !existsSync(script)) return undefined;
  const port = await freePort();
  const child = Bun.spawn(pinned([node, script, "--headless", `--port=${port}`]), {
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

async function started({
  name,
  port,
  child,
  folder,
  headers,
}: {
  readonly name: string;
  readonly port: number;
  readonly child: Bun.Subprocess;
  readonly folder?: string;
  readonly headers?: readonly string[];
}): Promise<ServerUnderTest> {
  for (let tries = 0; ; tries++) {
    const isUp = await fetch(`http://127.0.0.1:${port}/v1/models`)
      .then(() => true)
      .catch(() => false);
    if (isUp) break;
    if (tries > 200) throw new Error(`${name} did not start`);
    await Bun.sleep(50);
  }
  return {
    name,
    port,
    pid: child.pid,
    credential: "unchecked",
    ...(headers === undefined ? {} : { headers }),
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
