import { type Caller, LastUsed } from "../access/index.ts";
import type { App } from "../app.ts";
import type { OnUse } from "../gateway/index.ts";
import { type VerdictName, VERDICTS } from "../providers/index.ts";

/**
 * When keys were last used, and what providers said of them in passing: noted in memory for each request, written
 * now and then. A crash loses what was not yet written.
 */
export interface LastUses extends OnUse {
  flush(): Promise<void>;
}

/** Verdicts about the key; the others are about one request or the moment. */
const ABOUT_THE_KEY: ReadonlySet<string> = new Set<VerdictName>([
  "ok",
  "invalid_key",
  "leaked",
  "key_kind_disabled",
  "quota_exhausted",
  "scope_missing",
  "region_blocked",
]);

export function createLastUses({ control }: App, caller: Caller): LastUses {
  const { connections, store } = control;
  const virtualKeys = new LastUsed(store);
  let usedAtMs = new Map<string, number>();
  let verdicts = new Map<string, VerdictName>();

  const noteVerdict = (keyId: string, verdict: string | null) => {
    if (verdict === verdicts.get(keyId)) return;
    const name = VERDICTS.find((one) => one === verdict);
    if (name !== undefined && ABOUT_THE_KEY.has(name)) verdicts.set(keyId, name);
  };

  return {
    began(virtualKeyId, providerKeyId, atMs) {
      virtualKeys.note(virtualKeyId, atMs);
      usedAtMs.set(providerKeyId, atMs);
    },
    ended: noteVerdict,
    async flush() {
      await virtualKeys.flush();
      const used = usedAtMs;
      usedAtMs = new Map();
      if (used.size > 0) await connections.touchLastUsed(used);
      const said = verdicts;
      verdicts = new Map();
      if (said.size === 0) return;
      for (const key of await connections.keys()) {
        const verdict = said.get(key.id);
        const isNews = verdict !== undefined && verdict !== key.verdict && key.state !== "removed";
        if (isNews) await connections.recordVerdict(caller, key.id, verdict);
      }
    },
  };
}
