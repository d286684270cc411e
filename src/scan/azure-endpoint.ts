import { textOfPart } from "../kernel/index.ts";
import { NEAR_CHARS } from "./rule.ts";

/** Microsoft's own suffixes: nobody else can have a host below them. */
const HOST =
  /(?<![a-z0-9.-])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.(?:openai|cognitiveservices|services\.ai)\.azure\.com(?![a-z0-9-]|\.[a-z0-9])/g;

/**
 * The one Azure resource that stands beside a key, as its host; `undefined` when there is none or more than one, since
 * then nobody can tell whose key it is.
 */
export function azureEndpointNear(bytes: Uint8Array, start: number): string | undefined {
  const from = Math.max(0, start - NEAR_CHARS);
  const to = Math.min(bytes.length, start + NEAR_CHARS);
  const around = textOfPart(bytes, from, to, "latin1").toLowerCase();
  const hosts = new Set<string>();
  for (const { 0: host, index } of around.matchAll(HOST)) {
    // Cut off at a border of the window it would be another resource's name.
    const isWhole = (from === 0 || index > 0) && (to === bytes.length || index + host.length < around.length);
    if (!isWhole) return undefined;
    hosts.add(host);
  }
  const [only] = hosts;
  return hosts.size === 1 ? only : undefined;
}
