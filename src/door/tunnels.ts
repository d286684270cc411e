/** Programs that give a local port a public https name, as they are called and as they write. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export type TunnelName = "cloudflared" | "tailscale";

export interface TunnelKind {
  /** The program on PATH. */
  readonly program: TunnelName;
  readonly args: (port: number, userHome: string) => readonly string[];
  /** The public address, when this line of its output tells it. */
  readonly urlIn: (line: string) => string | undefined;
  /** The line after which the address answers; absent when the address is told only then. */
  readonly readyIn?: (line: string) => boolean;
  /** What a person has to do before it can work, when this line says so. */
  readonly problemIn: (line: string) => string | undefined;
  /** The address is the same each time, so that it is opened again with the program. */
  readonly isStable: boolean;
  readonly notes: readonly string[];
  /** Where it comes from. */
  readonly install: string;
}

export const TUNNELS: Readonly<Record<TunnelName, TunnelKind>> = {
  cloudflared: {
    program: "cloudflared",
    // A file of settings for named tunnels keeps it from making a quick one.
    args: (port, userHome) => [
      "tunnel",
      "--no-autoupdate",
      ...(hasOwnSettings(userHome) ? ["--config", "/dev/null"] : []),
      "--url",
      `http://127.0.0.1:${port}`,
    ],
    urlIn: (line) => /\bhttps:\/\/(?!api\.)[a-z0-9-]+\.trycloudflare\.com\b/.exec(line)?.[0],
    readyIn: (line) => line.includes("Registered tunnel connection"),
    problemIn: (line) => /\bERR (.+)/.exec(line)?.[1],
    isStable: false,
    notes: [
      "a quick tunnel has a new address each time: when Ownkey or the tunnel starts again, run this command again",
      "Cloudflare says that quick tunnels do not carry event streams: if answers do not come piece by piece, use a tunnel with a name of your own (--public-url) or tailscale",
    ],
    install: "https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/",
  },
  tailscale: {
    program: "tailscale",
    args: (port) => ["funnel", String(port)],
    urlIn: (line) =>
      /^https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*\.ts\.net(?::\d+)?(?=\/?\s*$)/.exec(line.trim())?.[0],
    problemIn: (line) => {
      if (/Funnel is not enabled/i.test(line)) return line.trim();
      if (/\bhttps:\/\/login\.tailscale\.com\//.test(line)) return `enable it at ${line.trim()}`;
      return /access denied|failed|error|not running|logged out/i.test(line) ? line.trim() : undefined;
    },
    isStable: true,
    notes: ["the address stays the same, and is opened again when Ownkey starts"],
    install: "https://tailscale.com/download",
  },
};

function hasOwnSettings(userHome: string): boolean {
  return ["config.yml", "config.yaml"].some((name) => existsSync(join(userHome, ".cloudflared", name)));
}
