import { AppError } from "../kernel/index.ts";

/**
 * Puts a canonical path and a query behind a base URL as `normaliseSettings` writes it. Whatever the path holds, the
 * result stays at the base's origin and below its path. @throws AppError `bad_path` when it would not.
 */
export function joinUrl(baseUrl: string, path: string, query: string): URL {
  const url = URL.parse(`${baseUrl}${path}`);
  // The slash ends host and last segment of the base: nothing can continue them.
  if (!path.startsWith("/") || NOT_A_PATH.test(path) || !url?.href.startsWith(`${baseUrl}/`)) {
    throw new AppError("bad_path", `the path of ${path.length} characters leads outside the connection`, {
      hint: "use the path as the provider's reference writes it",
    });
  }
  // Set, not parsed with the path: a `#` in a query must not cut it.
  if (query !== "") url.search = query;
  return url;
}

/** Would begin a query or a hash, or be resolved away. */
const NOT_A_PATH = /[?#\\]|\/(?:\.|%2e){1,2}(?:\/|$)/i;

/** Replaces a leading part of a path at a segment boundary; a path without it stays as it is. */
export function replacePrefix(path: string, prefix: string, replacement: string): string {
  if (path === prefix) return replacement;
  return path.startsWith(`${prefix}/`) ? replacement + path.slice(prefix.length) : path;
}

/** Adds a query parameter unless the query has it already. */
export function withDefaultParameter(query: string, name: string, value: string): string {
  if (new URLSearchParams(query).has(name)) return query;
  return `${query === "" ? "" : `${query}&`}${name}=${encodeURIComponent(value)}`;
}

/** Every origin that a connection's settings name. */
export function originsOf(...urls: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(urls.filter((url) => url !== undefined).map((url) => new URL(url).origin))];
}
