import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import type { Log } from "../kernel/index.ts";
import { AutoLock } from "../vault/index.ts";

/** Ends management after a while without it; what is lent to the gateway goes on. */
export function startAutoLock(app: App, config: Config, log: Log): AutoLock {
  const { vault, perform, clock } = app.control;
  const lock = async () => {
    if (vault.locked) return;
    const act = {
      action: "vault.lock",
      permission: "vault.lock",
      subject: vault.id,
      details: { reason: "auto" },
    } as const;
    await perform({ kind: "scheduler" }, act, async () => {});
    vault.lock("auto");
  };
  const onError = (error: unknown) => log.error("auto_lock.failed", { error });
  const autoLock = new AutoLock({
    afterMs: config.autoLockMinutes * 60_000,
    clock,
    onLock: () => void lock().catch(onError),
    onError,
  });
  autoLock.touch();
  return autoLock;
}
