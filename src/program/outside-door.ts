import { tokenHash } from "../access/index.ts";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import { Door } from "../door/index.ts";
import type { Log } from "../kernel/index.ts";

export interface OutsideDoorOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly gatewayUrl: string;
}

/** The way in from outside: only virtual keys come in that are in force and were made for the tool. */
export function createDoor({ app, config, log, gatewayUrl }: OutsideDoorOptions): Door {
  const { clock } = app.seams;
  return new Door({
    home: config.home,
    gatewayUrl,
    clock,
    log,
    async mayEnter(token, tool) {
      const key = await app.control.virtualKeys.findByHash(tokenHash(token));
      if (key?.state !== "active" || key.policy.tool !== tool) return false;
      return key.expiresAtMs === null || key.expiresAtMs > clock.nowMs();
    },
  });
}
