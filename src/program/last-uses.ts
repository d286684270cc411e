import { LastUsed } from "../access/index.ts";
import type { App } from "../app.ts";
import type { Ledger } from "../ledger/index.ts";

/** When virtual and provider keys were last used, noted for each request and written now and then. */
export interface LastUses {
  /** The ledger, noting whose attempt each is. */
  noting(ledger: Ledger): Ledger;
  flush(): Promise<void>;
}

export function createLastUses({ control }: App): LastUses {
  const virtualKeys = new LastUsed(control.store);
  let providerKeys = new Map<string, number>();

  return {
    noting: (ledger) => ({
      reserve(attempt) {
        virtualKeys.note(attempt.virtualKeyId, attempt.startedAtMs);
        providerKeys.set(attempt.providerKeyId, attempt.startedAtMs);
        return ledger.reserve(attempt);
      },
      settle: (ref, settled) => ledger.settle(ref, settled),
      close: () => ledger.close(),
    }),
    async flush() {
      await virtualKeys.flush();
      const noted = providerKeys;
      if (noted.size === 0) return;
      providerKeys = new Map();
      await control.connections.touchLastUsed(noted);
    },
  };
}
