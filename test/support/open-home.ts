/** Ownkey's operations in this process, on a home of their own, with a provider that the test plays. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, openApp, SYSTEM_SEAMS } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { type ControlClient, createLocalClient } from "../../src/control/index.ts";
import { AppError, silentLog } from "../../src/kernel/index.ts";

export interface OpenHome extends AsyncDisposable {
  readonly app: App;
  readonly client: ControlClient;
  /** The hosts that were asked, oldest first. */
  readonly asked: readonly string[];
  /** What the provider says from now on. */
  answer: () => Response | Promise<Response>;
}

const CALLER = { kind: "cli", user: "ada" } as const;

export async function openHome(): Promise<OpenHome> {
  const home = mkdtempSync(join(tmpdir(), "ownkey-operations-"));
  const asked: string[] = [];
  const play = (async (url: string | URL, init?: RequestInit) => {
    // The address that was checked stands in the URL, the name in the header.
    asked.push(new Headers(init?.headers).get("host") ?? new URL(url).host);
    return await opened.answer();
  }) as unknown as typeof fetch;
  // A public address, for the checks of addresses: nothing is sent there.
  const seams = {
    ...SYSTEM_SEAMS,
    fetch: play,
    resolveHost: () => Promise.resolve(["8.8.8.8"]),
    keychain: undefined,
  };
  const config = readConfig({ environment: { OWNKEY_HOME: home, HOME: home, USER: "ada" } });
  const app = await openApp(config, { storeMode: "inline", caller: CALLER, log: silentLog, seams });
  const unlock = () => Promise.reject(new AppError("vault_locked", "the vault is locked"));
  const opened: OpenHome = {
    app,
    client: createLocalClient({ control: app.control, caller: CALLER, unlock }),
    asked,
    answer: () => Response.json({ object: "list", data: [] }),
    async [Symbol.asyncDispose]() {
      await app.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return opened;
}
