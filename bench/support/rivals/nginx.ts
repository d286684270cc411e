import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../test/support/free-port.ts";
import { pinned } from "../processes.ts";
import { type Rival, started } from "./rival.ts";

/** nginx as a plain reverse proxy: one worker, connections kept open, nothing buffered. */
export async function startNginx(upstreamPort: number): Promise<Rival> {
  const program = Bun.which("nginx");
  if (program === null) return { missing: "nginx is not installed" };
  const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-nginx-"));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; client_max_body_size 0; client_body_buffer_size 1m;
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
