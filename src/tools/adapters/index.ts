import type { ToolAdapter } from "../adapter.ts";
import { aider } from "./aider.ts";
import { claudeCode } from "./claude-code.ts";
import { cline } from "./cline.ts";
import { codex } from "./codex.ts";
import { continueDev } from "./continue.ts";
import { copilotCli } from "./copilot-cli.ts";
import { cursor } from "./cursor.ts";
import { direnv, dotenv, shell, systemd } from "./environments.ts";
import { geminiCli } from "./gemini-cli.ts";
import { goose } from "./goose.ts";
import { avante, codecompanion, jetbrains, openWebUi } from "./guides.ts";
import { launchd } from "./launchd.ts";
import { llm } from "./llm.ts";
import { kilo, opencode } from "./opencode.ts";
import { vscode } from "./vscode.ts";
import { zed } from "./zed.ts";

/** Every tool that Ownkey can set up, in the order in which they are shown. */
export const ADAPTERS: readonly ToolAdapter[] = [
  cursor,
  claudeCode,
  codex,
  vscode,
  geminiCli,
  continueDev,
  cline,
  aider,
  opencode,
  kilo,
  copilotCli,
  zed,
  jetbrains,
  goose,
  openWebUi,
  llm,
  avante,
  codecompanion,
  shell,
  direnv,
  dotenv,
  systemd,
  launchd,
];

/** `undefined` for a tool that there is none for. */
export function adapterOf(id: string): ToolAdapter | undefined {
  return ADAPTERS.find((adapter) => adapter.id === id);
}
