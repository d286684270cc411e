import type { SettingsView, SettingView } from "./control.ts";

/** Looks up settings by name: the value in force; `undefined` for what is no setting. */
export function settingOf(settings: SettingsView): (name: string) => SettingView["value"] | undefined {
  return (name) => settings.list().find((one) => one.name === name)?.value;
}
