import type { ConnectionSettings, Provider, TestCall } from "./provider.ts";

export interface CurlInput {
  readonly provider: Provider;
  readonly settings: ConnectionSettings;
  readonly call: TestCall;
  /** Name of the variable that holds the key: `OPENAI_API_KEY`. */
  readonly variable: string;
}

/** The same call for a terminal. The key is a variable, expanded by the shell and never written out. */
export function curlFor({ provider, settings, call, variable }: CurlInput): string {
  const mark = `\${${variable}}`;
  const path = new URL(call.url).pathname;
  const credentials = provider.authHeaders(mark, settings, { method: call.method, path, query: "" });
  return [
    `curl -sS --max-time 10 -X ${call.method} ${quoted(call.url)}`,
    ...call.headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...credentials.map(([name, value]) => `-H ${expanding(`${name}: ${value}`, mark)}`),
    ...(call.body === undefined
      ? []
      : ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(call.body))}`]),
  ].join(" \\\n  ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Double quotes only around what the shell shall expand. */
function expanding(text: string, mark: string): string {
  return text.includes(mark) ? `"${text.replaceAll(/["\\`]/g, "\\$&")}"` : quoted(text);
}
