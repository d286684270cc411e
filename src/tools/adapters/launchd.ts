import { type ToolAdapter, type ToolPlan } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import { Secret } from "../../kernel/index.ts";
import type { Source, Sources } from "../source.ts";
import { variablesFor } from "./environments.ts";
import { CHAT, GEMINI, MESSAGES } from "./styles.ts";
import { wholeFile } from "./whole-file.ts";

/** Desktop programs of macOS get their variables from launchd; a job of the user's sets them at log-in. */
export const launchd: ToolAdapter = {
  id: "launchd",
  name: "macOS session",
  detect: ({ platform, home }) => (platform === "darwin" ? `${home}/Library/LaunchAgents` : undefined),
  traits: {
    styles: [CHAT, MESSAGES, GEMINI],
    takes: "literal",
    refreshesToken: false,
    restart: "log out and in again, then start the programs",
    usualUrl: "the provider of each SDK",
  },
  sources,
  plan(machine, target): ToolPlan {
    if (machine.platform !== "darwin") return { files: [], steps: [], notes: ["launchd is a part of macOS"] };
    const text = plistOf(variablesFor(target, "launchd"));
    return {
      files: [wholeFile(machine, { path: plistPath(machine), format: "text", text })],
      steps: [],
      notes: ["every program of your session sees the virtual key; it is of use at the gateway only"],
    };
  },
  notInAll: "it changes what every program of the session uses, not one tool",
};

function plistPath(machine: Machine): string {
  const { home, join } = foldersOf(machine);
  return join(home, "Library", "LaunchAgents", "dev.ownkey.environment.plist");
}

/** One `setenv` for each variable, which launchctl takes several of at once. */
function plistOf(variables: readonly (readonly [string, string])[]): string {
  const words = ["/bin/launchctl", "setenv", ...variables.flat()];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>dev.ownkey.environment</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${escaped(word)}</string>`).join("\n")}
  </array>
  <key>RunAtLoad</key>
  <true/>
</dict>
</plist>
`;
}

function sources(reader: Sources): Source[] {
  const path = plistPath(reader.machine);
  const bytes = reader.machine.read(path);
  if (!bytes) return [];
  const words = [
    ...Buffer.from(bytes)
      .toString("utf8")
      .matchAll(/<string>([^<]*)<\/string>/g),
  ].map((match) => match[1]);
  return words.flatMap((word, index): Source[] => {
    const value = words[index + 1];
    const what = word?.endsWith("_API_KEY") ? "key" : word?.endsWith("_BASE_URL") ? "base-url" : undefined;
    if (what === undefined || value === undefined) return [];
    return [
      { what, kind: "literal", label: `${reader.shown(path)} ${word}`, value: new Secret(value), path },
    ];
  });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
