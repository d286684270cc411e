import type { Connection } from "../connections/index.ts";

/** Answer headers in which providers name the place of the next call (uploads in parts, long-running work). */
const URL_HEADERS: ReadonlySet<string> = new Set([
  "x-goog-upload-url",
  "operation-location",
  "azure-asyncoperation",
  "location",
]);

/**
 * The header's value with the connection's base URL replaced by our own: the SDK would otherwise send its next call,
 * and the virtual key with it, past the gateway. Anything else stays as it is.
 */
export function ownUrl(name: string, value: string, connection: Connection, callerUrl: string): string {
  if (!URL_HEADERS.has(name)) return value;
  const { baseUrl } = connection.settings;
  const isBelow = value.startsWith(`${baseUrl}/`) || value === baseUrl;
  if (!isBelow) return value;
  const origin = callerUrl.slice(0, callerUrl.indexOf("/", callerUrl.indexOf("://") + 3));
  return `${origin}/c/${encodeURIComponent(connection.name)}${value.slice(baseUrl.length)}`;
}
