import type { ConnectionSettings } from "../provider.ts";

/** Headers that say which organisation and project pay: always the connection's, never the caller's. */
export const OPENAI_ACCOUNT_HEADERS = ["openai-organization", "openai-project"] as const;

export function openaiAccountHeaders(settings: ConnectionSettings): [string, string][] {
  const headers: [string, string | undefined][] = [
    ["openai-organization", settings.organization],
    ["openai-project", settings.project],
  ];
  return headers.filter((header): header is [string, string] => Boolean(header[1]));
}
