import { type Check, ok, skip } from "../check.ts";
import type { HomeContext } from "../home-context.ts";
import { probedUrl } from "./connection-check.ts";

/** Tokens are taken when they come from at most a minute ahead. */
const FAIL_MS = 60_000;
const WARN_MS = 10_000;
const ENOUGH = 3;

/** This machine's clock against the Date headers of providers that are configured; nobody else is asked. */
export function clockCheck(context: HomeContext): Check {
  return {
    id: "machine.clock",
    title: "clock",
    group: "machine",
    async run() {
      const connections = (await context.connections.list()).filter(({ settings }) =>
        settings.baseUrl.startsWith("https:"),
      );
      const reaches = await Promise.all(
        connections
          .slice(0, ENOUGH)
          .map((connection) => context.network.reach(probedUrl(connection), connection.settings)),
      );
      const offsets = reaches.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []).toSorted((a, b) => a - b);
      const offsetMs = offsets[Math.floor(offsets.length / 2)];
      if (offsetMs === undefined) return skip("no provider that is reached over https tells the time");
      const away = Math.abs(offsetMs);
      // A Date header counts whole seconds.
      if (away < WARN_MS) return ok("this machine's clock agrees with the providers'");
      const seconds = Math.round(away / 1000);
      return {
        status: away >= FAIL_MS ? "fail" : "warn",
        what: `this machine's clock is ${seconds} s ${offsetMs > 0 ? "behind" : "ahead"}`,
        why: "short-lived tokens, logins and certificates are judged by the clock, and refused when it is wrong",
        next: "switch automatic time on: timedatectl set-ntp true (Linux), Date & Time settings (macOS)",
      };
    },
  };
}
