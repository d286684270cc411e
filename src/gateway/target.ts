import { AppError, remember } from "../kernel/index.ts";
import { modelInPath } from "../providers/index.ts";

/** What the request line asks for, in the one form that is authorised, routed and forwarded. */
export interface Target {
  /** Canonical path with version segment, without prefixes: `/v1/chat/completions`. */
  readonly path: string;
  /** As received, without `?` and without a Gemini `key`. */
  readonly query: string;
  /** From the prefix `/t/<tool>/`. */
  readonly tool: string | null;
  /** From the prefix `/c/<connection>/`. */
  readonly connection: string | null;
  /** The prefix `/cursor` was there: bodies are read tolerantly. */
  readonly cursor: boolean;
  /** Value of `?key=`, taken out of the query, on Gemini paths only. */
  readonly queryKey: string | null;
  /** The model that the path names. It comes before one in the body: so do the providers read it. */
  readonly model: string | undefined;
  /** The path asks for a stream. */
  readonly streams: boolean;
}

/** First segments that are complete as they are; anything else is taken to lack its `/v1`. */
const ROOTS: ReadonlySet<string> = new Set([
  "v1",
  "v1beta",
  "v1alpha",
  "openai",
  "upload",
  "healthz",
  "readyz",
]);
const VERSIONS: ReadonlySet<string> = new Set(["v1", "v1beta", "v1alpha"]);

/**
 * Reads the URL that the server made of the request line. The server has resolved `..` already (`dot-segments.ts`
 * finds those paths); whatever could still be read in two ways by us and by a provider is refused.
 * @throws AppError `bad_path`.
 */
export function parseTarget(url: string): Target {
  // Absolute when the Host header is sound, which is checked before; the authority ends at the first slash.
  const pathStart = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  const queryMark = url.indexOf("?", pathStart);
  const raw = pathStart < 0 ? "/" : url.slice(pathStart, queryMark < 0 ? undefined : queryMark);
  const query = queryMark < 0 ? "" : url.slice(queryMark + 1);
  if (query.includes("#")) throw badPath("a fragment");
  const named = withoutPrefixes(canonicalPath(raw));
  const path = withVersion(named.path);
  const { query: rest, key } = isGeminiPath(path) ? withoutKey(query) : { query, key: null };
  const streams = path.endsWith(":streamGenerateContent");
  return { ...named, path, query: rest, queryKey: key, model: modelInPath(path), streams };
}

/** URLs remembered: tools use a handful. */
const MAX_REMEMBERED = 256;
const MAX_REMEMBERED_LENGTH = 200;

/** {@link parseTarget}, once for each URL. Nothing that holds a query is remembered: it may hold a key. */
export function createTargetReader(): (url: string) => Target {
  const remembered = new Map<string, Target>();
  return (url) => {
    const known = remembered.get(url);
    if (known !== undefined) return known;
    const target = parseTarget(url);
    const isKept = url.length <= MAX_REMEMBERED_LENGTH && !url.includes("?");
    return isKept ? remember(remembered, MAX_REMEMBERED, url, target) : target;
  };
}

/** `/v1beta/…`, `/v1/models/m:verb`, uploads: where Google's SDKs may put the key into the query. */
export function isGeminiPath(path: string): boolean {
  return (
    path.startsWith("/v1beta/") ||
    path.startsWith("/v1alpha/") ||
    path.startsWith("/upload/") ||
    (path.startsWith("/v1/models/") && path.includes(":"))
  );
}

function withoutPrefixes(path: string): Pick<Target, "path" | "tool" | "connection" | "cursor"> {
  let rest = path;
  let tool: string | null = null;
  let connection: string | null = null;
  for (;;) {
    const prefixed = rest.startsWith("/t/") || rest.startsWith("/c/");
    if (!prefixed) break;
    const end = rest.indexOf("/", 3);
    const name = end < 0 ? rest.slice(3) : rest.slice(3, end);
    if (name === "") throw badPath("a prefix without a name");
    if (rest.startsWith("/t/")) {
      if (tool !== null) throw badPath("two tool prefixes");
      tool = name;
    } else {
      if (connection !== null) throw badPath("two connection prefixes");
      connection = name;
    }
    rest = end < 0 ? "/" : rest.slice(end);
  }
  const cursor = rest === "/cursor" || rest.startsWith("/cursor/");
  return { path: cursor ? rest.slice("/cursor".length) || "/" : rest, tool, connection, cursor };
}

/** A pattern of paths as the paths that it is compared with are written: with their version. */
export function pathPattern(pattern: string): string {
  const [, first = ""] = pattern.split("/", 2);
  return pattern.startsWith("/") && !first.includes("*") ? withVersion(pattern) : pattern;
}

function withVersion(path: string): string {
  if (path === "/") return path;
  const [first = "", second = ""] = path.slice(1).split("/", 2);
  // Tools double the version when both base URL and SDK bring it.
  if (first === second && VERSIONS.has(first)) return withVersion(path.slice(first.length + 1));
  return ROOTS.has(first) ? path : `/v1${path}`;
}

/**
 * Percent-escapes of characters that need none are undone, the others written in upper case, so that one path has
 * one spelling: a denial cannot be evaded with `%6f`.
 */
function canonicalPath(raw: string): string {
  let segmentStart = 1;
  let escaped = false;
  for (let at = 1; at <= raw.length; at++) {
    const code = at === raw.length ? SLASH : raw.charCodeAt(at);
    if (code === SLASH) {
      checkSegment(raw, segmentStart, at);
      segmentStart = at + 1;
    } else if (code === PERCENT) {
      escaped = true;
    } else if (code < 0x21 || code > 0x7e || code === BACKSLASH || code === HASH || code === SEMICOLON) {
      throw badPath("a character that paths may not hold");
    }
  }
  return escaped ? raw.replace(/%(.{0,2})/g, (_, hex: string) => unescape(hex)) : raw;
}

function checkSegment(raw: string, start: number, end: number): void {
  if (start === end && raw.length > 1) throw badPath("an empty segment");
  const dots = raw.charCodeAt(start) === DOT && (end - start === 1 || raw.slice(start, end) === "..");
  if (dots) throw badPath("a dot segment");
}

function unescape(hex: string): string {
  if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw badPath("a broken escape");
  const code = Number.parseInt(hex, 16);
  const text = String.fromCharCode(code);
  if (code < 0x21 || code === 0x7f) throw badPath("an encoded control byte or space");
  if ("/\\.%;?#".includes(text)) throw badPath("an encoded separator");
  return code < 0x7f ? text : `%${hex.toUpperCase()}`;
}

function withoutKey(query: string): { query: string; key: string | null } {
  if (!query.includes("key=")) return { query, key: null };
  const keys: string[] = [];
  const rest = query.split("&").filter((pair) => {
    if (!pair.startsWith("key=")) return true;
    keys.push(pair.slice(4));
    return false;
  });
  if (keys.length > 1) throw badPath("two keys in the query");
  return { query: rest.join("&"), key: keys[0] === undefined ? null : decodeQueryValue(keys[0]) };
}

function decodeQueryValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw badPath("a broken escape in the query");
  }
}

/** For a path that could be read in two ways; `what` it has, in words. */
export function badPath(what: string): AppError {
  return new AppError("bad_path", `the path has ${what}`, {
    hint: "use the path as the provider's reference writes it, behind the address of this gateway",
  });
}

const SLASH = 0x2f;
const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const DOT = 0x2e;
