/**
 * Settings that no tool reads. A widely copied guide puts keys into Cursor's settings.json; Cursor takes keys from its
 * own settings page only. VS Code ignores keys in plain text in chatLanguageModels.json, and replaces no variables in
 * settings. So the key is of no use there, lies in plain text, and goes wherever the file is copied to.
 */
import type { Finding } from "../finding.ts";
import { dottedName, type Entry, nameOf } from "./entry.ts";
import { settingFinding } from "./setting-finding.ts";
import type { SettingsFile } from "./settings-file.ts";

/** The guide's names, flat and nested, and the variants that people have made of them. */
const GUIDE =
  /^cursor\.(?:openai|anthropic|azure|google|xai|apikeys)(?:\.[\w-]+){1,2}$|^cursor\.apikeys\.\w+$|^(?:openai|anthropic)\.apikey$/i;

export function checkUnread(files: readonly SettingsFile[]): Finding[] {
  return files
    .filter(({ format }) => format === "jsonc")
    .flatMap((file) => {
      const name = file.path.split(/[\\/]/).at(-1) ?? "";
      if (name === "settings.json" && isEditor(file)) return [...cursorGuide(file), ...variables(file)];
      return name === "chatLanguageModels.json" ? languageModels(file) : [];
    });
}

function cursorGuide(file: SettingsFile): Finding[] {
  const entries = file.entries.filter((entry) => GUIDE.test(dottedName(entry)) && entry.value !== "");
  const keys = entries.filter(isKeyName);
  const [other] = entries.filter((entry) => !isKeyName(entry));
  return [
    ...keys.map((entry) =>
      settingFinding(file, entry, {
        rule: "cursor-unread",
        severity: isReference(entry) ? "low" : "high",
        title: isReference(entry)
          ? `Cursor never reads "${dottedName(entry)}", and replaces no variables in its settings: this does nothing`
          : `Cursor never reads "${dottedName(entry)}": the key is of no use here, lies in plain text and goes wherever settings are copied`,
        fix: `take "${dottedName(entry)}" out of ${file.path}; Cursor takes keys in Settings > Models > API Keys only`,
      }),
    ),
    // What stands around the keys, once.
    ...(other === undefined || keys.length > 0
      ? []
      : [
          settingFinding(file, other, {
            rule: "cursor-unread",
            severity: "low",
            title: `Cursor never reads "${dottedName(other)}": it has no effect`,
            fix: `take it out of ${file.path}; Cursor takes these values in Settings > Models only`,
          }),
        ]),
  ];
}

function variables(file: SettingsFile): Finding[] {
  return file.entries
    .filter((entry) => isKeyName(entry) && isReference(entry) && !GUIDE.test(dottedName(entry)))
    .map((entry) =>
      settingFinding(file, entry, {
        rule: "variable-unread",
        severity: "low",
        title: `editors replace no variables in settings.json: "${dottedName(entry)}" is the text itself, not a key`,
        fix: `enter the key where its extension asks for it, and take the setting out of ${file.path}`,
      }),
    );
}

function languageModels(file: SettingsFile): Finding[] {
  return file.entries
    .filter(
      (entry) => nameOf(entry) === "apiKey" && entry.value !== "" && !entry.value.startsWith("${input:"),
    )
    .map((entry) =>
      settingFinding(file, entry, {
        rule: "vscode-unread",
        severity: isReference(entry) ? "low" : "high",
        title: "VS Code ignores an apiKey that is written here: requests go out without one",
        fix: `take it out of ${file.path} and enter it with the command "Chat: Manage Language Models"`,
      }),
    );
}

function isEditor({ tool }: SettingsFile): boolean {
  return tool === "cursor" || tool === "vscode" || tool === "windsurf";
}

function isKeyName(entry: Entry): boolean {
  const dotted = dottedName(entry);
  return /api_?key$/i.test(dotted) || /^cursor\.apikeys\.\w+$/i.test(dotted);
}

function isReference({ value }: Entry): boolean {
  return /^\$\{?[A-Za-z_:]/.test(value);
}
