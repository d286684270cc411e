import { hostToCall } from "../../gateway/index.ts";
import type { Control } from "../control.ts";
import { gatewayAddress } from "../run/session.ts";
import { settingOf } from "../setting-of.ts";

/** Where tools find the gateway: of the running program, else as the settings say. */
export function gatewayUrlOf(control: Pick<Control, "settings" | "running">): string {
  if (control.running) return gatewayAddress(control, control.running.url);
  const setting = settingOf(control.settings);
  const scheme = setting("tlsCert") === null || setting("tlsCert") === undefined ? "http" : "https";
  const host = hostToCall(String(setting("host") ?? "127.0.0.1"));
  return gatewayAddress(control, `${scheme}://${host}:${String(setting("port") ?? 7788)}`);
}
