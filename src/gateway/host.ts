import type { GatewaySettings } from "./parts.ts";

/** Decides whether a Host header names this gateway. */
export type HostCheck = (host: string | undefined, port: number) => boolean;

const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Guards against DNS rebinding: a page of a stranger's name that resolves to this machine is refused. Loopback names and
 * the address that is listened on need the listener's own port; a name of the list goes with any port (a proxy in front
 * may have its own), or with exactly one when written `name:port`.
 */
export function createHostCheck({ hosts, ownHost }: Pick<GatewaySettings, "hosts" | "ownHost">): HostCheck {
  const listed = new Set(hosts.map((name) => name.toLowerCase()));
  const own = ownHost === undefined ? LOOPBACK_NAMES : [...LOOPBACK_NAMES, ownHost.toLowerCase()];
  /** Nearly every request repeats the last one's header. */
  let lastHost: string | undefined;
  let lastPort: number | undefined;
  return (host, port) => {
    if (host === undefined) return false;
    if (host === lastHost && port === lastPort) return true;
    if (!isAllowed(host, port)) return false;
    lastHost = host;
    lastPort = port;
    return true;
  };

  function isAllowed(host: string, port: number): boolean {
    const text = host.toLowerCase();
    if (listed.has(text)) return true;
    const colon = text.lastIndexOf(":");
    const bare = colon <= text.lastIndexOf("]");
    const name = bare ? text : text.slice(0, colon);
    const given = bare ? undefined : portOf(text.slice(colon + 1));
    if (!bare && given === undefined) return false;
    if (listed.has(name)) return true;
    return own.includes(name) && (given ?? port) === port;
  }
}

function portOf(text: string): number | undefined {
  if (text.length === 0 || text.length > 5) return undefined;
  let port = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port >= 1 && port <= 65_535 ? port : undefined;
}
