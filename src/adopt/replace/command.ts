/** Tools that run a command for their key: nothing at all is left in their settings. */
import type { Dialect } from "../../providers/index.ts";
import { adapterOf, editText, tokenCommand, tokenCommandLine, type ValueEdit } from "../../tools/index.ts";
import { connectionUrl, type KeyFile, type Occurrence, type Rewriter } from "./key-file.ts";
import { editBetween } from "./text-edit.ts";

interface CommandSetting {
  readonly tool: string;
  readonly dialect: Dialect;
  /** What stands behind the gateway's address. */
  readonly path: string;
  /** What has to be set instead of the key, or `undefined` when the key is none of the tool's own. */
  readonly edits: (
    at: readonly string[],
    given: { readonly program: string; readonly url: string },
  ) => readonly ValueEdit[] | undefined;
}

/** As the tools' documentation or source has it (autumn 2026). */
const COMMAND_SETTINGS: readonly CommandSetting[] = [
  {
    tool: "claude-code",
    dialect: "anthropic",
    path: "",
    edits([group, name, ...deeper], { program, url }) {
      const isKey = name === "ANTHROPIC_API_KEY" || name === "ANTHROPIC_AUTH_TOKEN";
      if (group !== "env" || !isKey || deeper.length > 0) return undefined;
      return [
        { at: ["env", name], value: undefined },
        { at: ["env", "ANTHROPIC_BASE_URL"], value: url },
        { at: ["apiKeyHelper"], value: tokenCommandLine({ program }, "claude-code") },
      ];
    },
  },
  {
    tool: "codex",
    dialect: "openai",
    path: "/v1",
    // It refuses a command beside any other credential.
    edits([group, provider = "", name, ...deeper], { program, url }) {
      if (group !== "model_providers" || name !== "experimental_bearer_token" || deeper.length > 0) {
        return undefined;
      }
      const table = [group, provider];
      const [command, ...args] = tokenCommand({ program }, "codex");
      return [
        { at: [...table, name], value: undefined },
        { at: [...table, "base_url"], value: url },
        { at: [...table, "auth"], value: { command, args } },
      ];
    },
  },
];

export const rewriteToCommand: Rewriter = (file, occurrence, lent) => {
  const { program } = lent;
  const { entry, key } = occurrence;
  const setting = COMMAND_SETTINGS.find(({ tool }) => tool === file.tool);
  if (program === undefined || !entry || setting?.dialect !== key.provider.dialect) return undefined;
  const baseUrl = connectionUrl(key, lent, setting.path);
  const edits = setting.edits(entry.path, { program, url: baseUrl });
  const after = edits && edited(file, occurrence, edits);
  if (after === undefined) return undefined;
  const restart = adapterOf(setting.tool)?.traits.restart;
  return {
    occurrence,
    way: "command",
    baseUrl,
    edits: [editBetween(file.text, after)],
    ...(restart === undefined ? {} : { note: restart }),
  };
};

/** `undefined` where the file is written in a way that the editors leave alone. */
function edited(
  { text, format = "text", path }: KeyFile,
  { key }: Occurrence,
  edits: readonly ValueEdit[],
): string | undefined {
  try {
    const after = editText(text, edits, { format, path }).text;
    return after.split(key.value).length < text.split(key.value).length ? after : undefined;
  } catch {
    return undefined;
  }
}
