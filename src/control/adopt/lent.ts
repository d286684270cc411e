import { isGatewayUrl } from "../../doctor/index.ts";
import { type FilePlanOptions, readText } from "../../adopt/index.ts";
import { matchRoute } from "../../providers/index.ts";
import { installedProgramPath } from "../../service/index.ts";
import {
  adapterOf,
  explainTool,
  isOwnkeyCredential,
  isTokenCommand,
  toolFiles,
  type ToolMachine,
} from "../../tools/index.ts";
import type { SettingsView } from "../control.ts";
import { PATHS } from "../tools/way.ts";
import { settingOf } from "../setting-of.ts";

/** What files can be given instead of keys, on this machine. */
export function lentOn(
  machine: ToolMachine,
  { gatewayUrl, settings }: { readonly gatewayUrl: string; readonly settings: SettingsView },
): FilePlanOptions {
  const connected = new Map<string, boolean>();
  const isThrough = (tool: string) => {
    const known = connected.get(tool) ?? goesThrough(tool, machine, { gatewayUrl, settings });
    connected.set(tool, known);
    return known;
  };
  return {
    gatewayUrl,
    program: installedProgramPath(machine.home),
    readText,
    isConnected(tool, provider) {
      const styles = adapterOf(tool)?.traits.styles ?? [];
      const serves = styles.some(({ wire }) => typeof matchRoute(provider, "POST", PATHS[wire]) === "object");
      return serves && isThrough(tool);
    },
    settingsOf(tool) {
      const own = toolFiles(machine).filter(
        (file) => file.tool === tool && file.purpose === "settings" && file.format === "jsonc",
      );
      return (own.find(({ path }) => machine.exists(path)) ?? own[0])?.path;
    },
  };
}

/** Both its address and its credential are the gateway's. */
function goesThrough(
  tool: string,
  machine: ToolMachine,
  { gatewayUrl, settings }: { readonly gatewayUrl: string; readonly settings: SettingsView },
): boolean {
  const adapter = adapterOf(tool);
  if (!adapter) return false;
  const { key, goesTo } = explainTool(adapter, machine);
  const value = key.winner?.value;
  return (
    (isOwnkeyCredential(value) || isTokenCommand(value, tool)) &&
    isGatewayUrl(goesTo, {
      runningUrl: gatewayUrl,
      setting: settingOf(settings),
    })
  );
}
