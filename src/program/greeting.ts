import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { App } from "../app.ts";
import type { CliContext } from "../cli/index.ts";
import type { Config } from "../config.ts";
import { PROVIDERS } from "../providers/index.ts";
import { programSource } from "../service/index.ts";
import { detectTools, suggestKeys } from "../tools/index.ts";

export interface GreetingOptions {
  readonly app: App;
  readonly config: Config;
  readonly context: CliContext;
  readonly url: string;
}

/** What to do next, fitted to this machine: keys in variables (by name only), tools found, one request to copy. */
export async function greeting({ app, config, context, url }: GreetingOptions): Promise<string> {
  const lines: string[] = [""];
  const { vault } = app.control;
  const command = commandName(context);
  if (vault.locked) {
    lines.push(`The vault is locked: ${command} unlock`);
    return `${lines.join("\n")}\n`;
  }
  const connections = await app.control.connections.list();
  if (connections.length === 0) {
    lines.push(
      "Next:",
      ...keySuggestions(context, command),
      `  ${command} vk create --name my-tool   a virtual key, shown once`,
    );
  }
  lines.push(...toolSuggestions(config, context, url));
  lines.push("Try it:", ...tryIt(url, connections[0]?.settings.model));
  return `${lines.join("\n")}\n`;
}

/** What a person types here: `ownkey` where the shell finds it, else the launcher of this folder. */
function commandName({ environment, workingDirectory }: CliContext): string {
  if (Bun.which("ownkey", { PATH: environment["PATH"] ?? "" }) !== null) return "ownkey";
  const source = programSource(join(import.meta.dir, "../main.ts"), process.execPath);
  const path = source.kind === "package" ? source.launcher : source.path;
  const fromHere = relative(workingDirectory, path);
  return fromHere.startsWith("..") ? path : `./${fromHere}`;
}

function keySuggestions({ environment }: CliContext, ownkey: string): string[] {
  const known = PROVIDERS.map((provider) => ({
    provider: provider.preset ?? provider.id,
    variables: provider.keyVariables,
    // Where nobody but the user knows the address.
    ...(provider.defaultBaseUrl === undefined ? { options: "--base-url URL" } : {}),
  }));
  const found = suggestKeys(environment, known);
  if (found.length === 0) return [`  ${ownkey} keys add openai            asks for the key and tests it`];
  return found.map(
    ({ variable, command }) => `  ${variable} is set: ${command.replace(/^ownkey/, ownkey)}   takes it`,
  );
}

function toolSuggestions({ userHome, platform }: Config, { environment }: CliContext, url: string): string[] {
  const tools = detectTools({ home: userHome, platform, env: environment, exists: existsSync });
  if (tools.length === 0) return [];
  return [
    `Found here: ${tools.map(({ name }) => name).join(", ")}. Point them at ${url} (OpenAI style: ${url}/v1).`,
  ];
}

function tryIt(url: string, settingsModel: string | undefined): string[] {
  // The lines are copied into a shell: a name with quotes in it is left out.
  const model = /^[\w.:/@-]+$/.test(settingsModel ?? "") ? settingsModel : "gpt-4.1-mini";
  return [
    `  curl ${url}/v1/chat/completions -H "Authorization: Bearer $OWNKEY_VK" -H "Content-Type: application/json" \\`,
    `    -d '{"model":"${model}","messages":[{"role":"user","content":"Say hello"}]}'`,
  ];
}
