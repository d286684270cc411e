/**
 * Editors of the VS Code family: one layout, several roots. `settings.json` of the main profile and of every other one
 * is uploaded by Settings Sync and by sync extensions; keys of extensions lie encrypted in `state.vscdb`, older
 * versions of Cursor kept its keys there in plain text.
 */
import type { Folders } from "../machine.ts";
import type { FileTable, ToolFile } from "./tool-file.ts";

interface Editor {
  readonly tool: string;
  /** Folder below the settings folder; also of the server part that runs on other machines. */
  readonly product: string;
  readonly server?: string;
  readonly synced: string;
}

const SETTINGS_SYNC = "VS Code Settings Sync and its like";
const EXTENSIONS = "sync extensions and dotfile repositories";

const EDITORS: readonly Editor[] = [
  { tool: "cursor", product: "Cursor", server: ".cursor-server", synced: EXTENSIONS },
  { tool: "vscode", product: "Code", server: ".vscode-server", synced: SETTINGS_SYNC },
  {
    tool: "vscode",
    product: "Code - Insiders",
    server: ".vscode-server-insiders",
    synced: SETTINGS_SYNC,
  },
  { tool: "vscode", product: "VSCodium", server: ".vscodium-server", synced: EXTENSIONS },
  { tool: "vscode", product: "VSCodium - Insiders", synced: EXTENSIONS },
  { tool: "vscode", product: "Code - OSS", synced: EXTENSIONS },
  { tool: "windsurf", product: "Windsurf", server: ".windsurf-server", synced: EXTENSIONS },
];

export const editorFiles: FileTable = (folders) => [
  ...EDITORS.flatMap((editor) => [...userFiles(editor, folders), ...serverFiles(editor, folders)]),
  {
    tool: "cursor",
    path: folders.join(folders.home, ".cursor", "mcp.json"),
    format: "jsonc",
    purpose: "settings",
  },
];

function userFiles({ tool, product, synced }: Editor, { settings, join }: Folders): ToolFile[] {
  const user = join(settings, product, "User");
  const profiles = [user, join(user, "profiles", "*")];
  return [
    ...profiles.flatMap((folder): ToolFile[] => [
      { tool, path: join(folder, "settings.json"), format: "jsonc", purpose: "settings", synced },
      { tool, path: join(folder, "mcp.json"), format: "jsonc", purpose: "settings", synced },
      { tool, path: join(folder, "tasks.json"), format: "jsonc", purpose: "settings", synced },
      { tool, path: join(folder, "snippets", "*"), format: "jsonc", purpose: "settings", synced },
      // Not in Settings Sync's list; keys in plain text are ignored there.
      { tool, path: join(folder, "chatLanguageModels.json"), format: "jsonc", purpose: "settings" },
      {
        tool,
        path: join(folder, "globalStorage", "*", "settings", "*.json"),
        format: "jsonc",
        purpose: "settings",
      },
    ]),
    { tool, path: join(user, "globalStorage", "state.vscdb"), format: "sqlite", purpose: "state" },
    { tool, path: join(user, "globalStorage", "state.vscdb.backup"), format: "sqlite", purpose: "state" },
    { tool, path: join(user, "workspaceStorage", "*", "state.vscdb"), format: "sqlite", purpose: "state" },
    // Local history keeps copies of every file that was saved, also of those that are gone.
    { tool, path: join(user, "History", "*", "*"), format: "text", purpose: "history" },
  ];
}

function serverFiles({ tool, server }: Editor, { home, join }: Folders): ToolFile[] {
  if (server === undefined) return [];
  const path = join(home, server, "data", "Machine", "settings.json");
  return [{ tool, path, format: "jsonc", purpose: "settings" }];
}
