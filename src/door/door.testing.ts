/** Programs that write and behave as cloudflared and tailscale do, for a folder that stands in PATH. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const QUICK_TUNNEL = "https://shy-dog-forty-two.trycloudflare.com";
export const FUNNEL = "https://laptop.tail9f3a.ts.net";

const CLOUDFLARED = `now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
say() { echo "$(now) INF $1" >&2; }
say "Thank you for trying Cloudflare Tunnel. Doing so, without a Cloudflare account, is a quick way to experiment and try it out. (https://developers.cloudflare.com/cloudflare-one/connections/connect-apps)"
say "Requesting new quick Tunnel on trycloudflare.com..."
say "+--------------------------------------------------------------------------------------------+"
say "|  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |"
say "|  ${QUICK_TUNNEL}                                                |"
say "+--------------------------------------------------------------------------------------------+"
say "Version 2026.11.0 (Checksum 0)"
say "Registered tunnel connection connIndex=0 connection=1 event=0 ip=198.41.200.13 location=fra01 protocol=quic"
`;

const REFUSED = `echo "2026-11-28T00:00:00Z INF Requesting new quick Tunnel on trycloudflare.com..." >&2
echo "2026-11-28T00:00:00Z ERR Error requesting new quick Tunnel error=\\"429 Too Many Requests\\"" >&2
exit 1
`;

const TAILSCALE = `echo "Available on the internet:"
echo
echo "${FUNNEL}/"
echo "|-- proxy http://127.0.0.1:$2"
echo
echo "Press Ctrl+C to exit."
`;

const NOT_ENABLED = `echo
echo "Funnel is not enabled on your tailnet."
echo "To enable, visit:"
echo
echo "         https://login.tailscale.com/f/funnel?node=nAbCdEf"
`;

const STAYS = `trap 'exit 0' TERM INT
while :; do sleep 0.1; done
`;

export const PROGRAMS = {
  cloudflared: CLOUDFLARED + STAYS,
  "cloudflared, refused": REFUSED,
  "cloudflared, without a connection": CLOUDFLARED.replace(/say "Registered.*\n/, "") + STAYS,
  "cloudflared, gone after a moment": `${CLOUDFLARED}sleep 0.3\n`,
  tailscale: TAILSCALE + STAYS,
  "tailscale, not enabled": NOT_ENABLED + STAYS,
} as const;

/** Puts one of them into a folder; it writes its arguments and its process id there. Gives its path. */
export function putProgram(folder: string, which: keyof typeof PROGRAMS): string {
  const path = join(folder, which.split(",")[0] ?? which);
  writeFileSync(
    path,
    `#!/bin/sh\necho "$@" > '${path}.args'\nenv > '${path}.env'\necho $$ > '${path}.pid'\n${PROGRAMS[which]}`,
  );
  chmodSync(path, 0o755);
  return path;
}
