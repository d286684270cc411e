import type { Config } from "./config.ts";
import type { SettingsView, SettingView } from "./control/index.ts";
import { declarationOf, type SettingName, SETTINGS, writeSettingsFile } from "./settings/index.ts";

/** Settings as `config list|get|set` show and change them. */
export function settingsView(config: Config): SettingsView {
  return {
    list: () => SETTINGS.map(({ name }) => viewOf(config, name)),
    problems: config.problems.map(({ message, hint }) =>
      hint === undefined ? message : `${message}; ${hint}`,
    ),
    set(name, text) {
      const written = writeSettingsFile(config.home, name, text);
      const known = SETTINGS.find((one) => one.name === name);
      if (!known) return takenOut(name);
      const view = viewOf(config, known.name);
      // What is in force comes from elsewhere, whatever the file says now.
      if (view.source === "environment" || view.source === "command line") return view;
      return written === undefined
        ? { ...view, value: view.default, source: "default" }
        : { ...view, value: written, source: "file" };
    },
  };
}

function viewOf(config: Config, name: SettingName): SettingView {
  const declaration = declarationOf(name);
  const value = config[name];
  return {
    name,
    value: declaration.secret && value !== null ? "[secret]" : value,
    source: config.sources[name],
    default: declaration.default,
    variable: declaration.variable,
    needsRestart: declaration.needsRestart,
    help: declaration.help,
  };
}

/** Something in the file that was no setting. */
function takenOut(name: string): SettingView {
  return {
    name,
    value: null,
    source: "default",
    default: null,
    variable: null,
    needsRestart: false,
    help: "no setting; it is out of the file",
  };
}
