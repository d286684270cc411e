import { utf8 } from "../kernel/index.ts";
import type { KnownKeys } from "./known-keys.ts";
import { Matcher } from "./matcher.ts";
import { RULES } from "./rules.ts";
import { type Hit, StreamScanner } from "./stream-scanner.ts";

const matcher = new Matcher(RULES);

export interface ScanTextOptions {
  readonly namesTell?: boolean;
  readonly known?: KnownKeys;
  /** How the content is cut; one piece unless given. */
  readonly chunkBytes?: number;
}

/** All hits in one content, as the engine finds them. */
export function scanBytes(content: Uint8Array, options: ScanTextOptions = {}): Hit[] {
  const hits: Hit[] = [];
  const { namesTell = true, known, chunkBytes = content.length } = options;
  const scanner = new StreamScanner({ matcher, known, namesTell, onHit: (hit) => hits.push(hit) });
  for (let at = 0; at < content.length; at += chunkBytes) scanner.push(content.subarray(at, at + chunkBytes));
  scanner.end();
  return hits;
}

export function scanText(text: string, options: ScanTextOptions = {}): Hit[] {
  return scanBytes(utf8(text), options);
}

export function ruleIdsIn(text: string, options: ScanTextOptions = {}): string[] {
  return scanText(text, options).map(({ rule }) => rule?.id ?? "known-key");
}
