/**
 * Base URLs that send keys where their owner did not mean to send them. A project's settings are written by whoever
 * wrote the project: with a base URL there, the tool sends the user's key to that host (CVE-2026-21852).
 */
import { PROVIDERS } from "../../providers/index.ts";
import { toolName } from "../../tools/index.ts";
import type { Finding } from "../finding.ts";
import { dottedName, type Entry, nameOf } from "./entry.ts";
import { settingFinding } from "./setting-finding.ts";
import type { SettingsFile } from "./settings-file.ts";

const VARIABLE =
  /^(?:(?:OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE_GEMINI|GOOGLE_VERTEX|AZURE(?:_OPENAI)?|COPILOT_PROVIDER|OPENROUTER|MISTRAL|GROQ|DEEPSEEK|XAI|LITELLM|AIDER_OPENAI)_)\w*?(?:BASE_URLS?|API_BASE(?:_URLS?)?|API_URL|HOST|ENDPOINT)$/;
const SETTING =
  /^(?:base_?url|api_?base|api_?url|openai[-_]api[-_]base|openai_base_url|\w*(?:openai|anthropic|gemini)\w*baseurl)$/i;
/** Editors keep settings of everything else in the same file. */
const ABOUT_AI = /openai|anthropic|claude|gemini|copilot|cursor|continue|cline|roo|llm|chatgpt|\bai\b/i;

/** Endings of the clouds' own hosts; each customer has a name below. */
const CLOUDS = [".azure.com", ".googleapis.com", ".amazonaws.com"];

const PROVIDER_HOSTS: ReadonlySet<string> = new Set(
  PROVIDERS.flatMap(({ defaultBaseUrl, regionalBaseUrls }) => [
    ...(defaultBaseUrl === undefined ? [] : [defaultBaseUrl]),
    ...Object.values(regionalBaseUrls ?? {}),
  ]).flatMap((url) => URL.parse(url)?.hostname ?? []),
);

/** Whether a value sets where an AI tool sends its requests. */
export function isBaseUrl(file: SettingsFile, entry: Entry): boolean {
  const name = nameOf(entry);
  if (VARIABLE.test(name)) return true;
  const editor = file.tool === "vscode" || file.tool === "cursor" || file.tool === "windsurf";
  return SETTING.test(name.split(".").at(-1) ?? "") && (!editor || ABOUT_AI.test(dottedName(entry)));
}

/** Settings of a project that send requests, and keys with them, to a host that is no provider's and not this machine. */
export function checkProjectBaseUrls(files: readonly SettingsFile[]): Finding[] {
  return files
    .filter(({ scope }) => scope === "project")
    .flatMap((file) => baseUrlsOf(file).map(({ entry, url }) => ({ file, entry, url })))
    .filter(({ url }) => !isKnownHost(url.hostname))
    .map(({ file, entry, url }) =>
      settingFinding(file, entry, {
        rule: "base-url",
        severity: file.beforeTrust ? "high" : "medium",
        title: `this project makes ${programName(file.tool)} send your key to ${url.hostname}, which is no provider's host`,
        fix: `open ${file.path} at line ${entry.line}; unless you know that host, take "${nameOf(entry)}" out and replace keys that were used in this folder`,
      }),
    );
}

/** Plain http to another machine: everybody on the way reads the key. */
export function checkPlainHttp(files: readonly SettingsFile[]): Finding[] {
  return files
    .flatMap((file) => baseUrlsOf(file).map(({ entry, url }) => ({ file, entry, url })))
    .filter(({ url }) => url.protocol === "http:" && !isNear(url.hostname))
    .map(({ file, entry, url }) =>
      settingFinding(file, entry, {
        rule: "plain-http",
        severity: "high",
        title: `"${nameOf(entry)}" sends your key unencrypted to ${url.hostname}: everybody on the way can read it`,
        fix: `write https:// instead of http:// in ${file.path}`,
      }),
    );
}

export function baseUrlsOf(file: SettingsFile): { entry: Entry; url: URL }[] {
  return file.entries
    .filter((entry) => isBaseUrl(file, entry))
    .flatMap((entry) =>
      // Open WebUI takes a list.
      entry.value.split(";").flatMap((text) => {
        const url = /^https?:\/\//i.test(text.trim()) ? URL.parse(text.trim()) : null;
        return url ? [{ entry, url }] : [];
      }),
    );
}

/** Who reads the setting: a `.env` file is read by whatever is started there. */
function programName(tool: string): string {
  return tool === "dotenv" || tool === "direnv" ? "programs started in it" : toolName(tool);
}

function isKnownHost(host: string): boolean {
  return PROVIDER_HOSTS.has(host) || isNear(host) || CLOUDS.some((ending) => host.endsWith(ending));
}

/** This machine, or one on the same private network. */
export function isNear(host: string): boolean {
  return (
    host === "localhost" ||
    host === "host.docker.internal" ||
    host === "[::1]" ||
    host.endsWith(".localhost") ||
    host.endsWith(".local") ||
    /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0$)/.test(host)
  );
}
