import type { Config } from "./config.ts";
import type { SettingsView, SettingView } from "./control/index.ts";
import {
  checkSetting,
  declarationOf,
  readSettingsFile,
  type SettingName,
  SETTINGS,
  settingsPath,
  writeSettingsFile,
} from "./settings/index.ts";

/** Settings as `config list|get|set` show and change them. */
export function settingsView(config: Config): SettingsView {
  return {
    list: () => SETTINGS.map(({ name }) => viewOf(config, name)),
    problems: config.problems.map(({ message, hint }) =>
      hint === undefined ? message : `${message}; ${hint}`,
    ),
    fromNextStart(name) {
      try {
        return valueFromNextStart(config, name);
      } catch {
        // The file cannot be read, or holds something else there: the next start says so.
        return undefined;
      }
    },
    set(name, text) {
      const written = writeSettingsFile(config.home, name, text);
      const known = SETTINGS.find((one) => one.name === name);
      if (!known) return takenOut(name);
      const view = viewOf(config, known.name);
      if (isFromElsewhere(view)) return view;
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

function valueFromNextStart(config: Config, name: string): SettingView["value"] {
  const declaration = declarationOf(name);
  const view = viewOf(config, declaration.name as SettingName);
  if (isFromElsewhere(view)) return view.value;
  const written = readSettingsFile(config.home)[name];
  return written === undefined || written === null
    ? declaration.default
    : checkSetting(declaration, written, settingsPath(config.home));
}

/** What is in force comes from there whatever the file says. */
function isFromElsewhere({ source }: SettingView): boolean {
  return source === "environment" || source === "command line";
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
