import type { Connection } from "../connections/index.ts";
import { remember, type Secret } from "../kernel/index.ts";
import type { HeaderPairs } from "./header-pairs.ts";
import { withoutKey } from "./hide-key.ts";
import { ownUrl } from "./own-urls.ts";
import type { RequestHeaders } from "./request-headers.ts";
import type { AnswerHeaders } from "./upstream/answer.ts";

/** Which headers pass. Everything not named here passes byte for byte, in both directions. */

/** Hop by hop (RFC 9110 7.6.1), or made anew for the next hop. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

const REQUEST_DROPPED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "host",
  "content-length",
  "accept-encoding",
  "expect",
  "http2-settings",
  // The caller's credentials and whatever else a provider might take for one.
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "cookie2",
  "set-cookie",
  // Who the caller is to the machines in between is nobody's business upstream, and could be forged.
  "forwarded",
  "x-real-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "via",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
  // Google would leave parts of an answer out of it, its usage too.
  "x-goog-fieldmask",
  // The account comes from the connection.
  "openai-organization",
  "openai-project",
  "x-goog-user-project",
]);

const RESPONSE_DROPPED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "set-cookie",
  "set-cookie2",
  "clear-site-data",
  "strict-transport-security",
  "alt-svc",
  // Replaced by ours.
  "content-security-policy",
  "x-content-type-options",
  "x-ownkey-request-id",
]);

export interface RequestHeaderChoices {
  /** The body was decoded here. */
  readonly decoded: boolean;
  /** Header names that identify an account at this provider; lower case. */
  readonly accountHeaders: readonly string[];
  /** Of a body that streams; 0 when its length is not known. */
  readonly uploadBytes: number | undefined;
}

/** The caller's headers as they go on, without credentials; the provider's are added at the last moment. */
export function forwardedHeaders(headers: RequestHeaders, choices: RequestHeaderChoices): HeaderPairs {
  const named = connectionListed(headers["connection"]);
  const pairs: HeaderPairs = [];
  for (const name in headers) {
    if (isDropped(name) || named?.has(name) === true || choices.accountHeaders.includes(name)) continue;
    if (name === "content-encoding" && choices.decoded) continue;
    pairs.push([name, headers[name] ?? ""]);
  }
  // Left out, these would be filled in by the HTTP client with words of its own.
  if (headers["user-agent"] === undefined) pairs.push(["user-agent", ""]);
  if (headers["accept"] === undefined) pairs.push(["accept", "*/*"]);
  // Answers are metered, recorded, or looked through for the key.
  pairs.push(["accept-encoding", "identity"]);
  if ((choices.uploadBytes ?? 0) > 0) pairs.push(["content-length", String(choices.uploadBytes)]);
  return pairs;
}

/** What became of the names met lately. */
const dropped = new Map<string, boolean>();
const MOST_NAMES = 512;

function isDropped(name: string): boolean {
  return dropped.get(name) ?? remember(dropped, MOST_NAMES, name, isToBeDropped(name.toLowerCase()));
}

function isToBeDropped(name: string): boolean {
  return REQUEST_DROPPED.has(name) || name.startsWith("x-forwarded-") || name.startsWith("x-ownkey-");
}

export interface AnswerHeaderChoices {
  readonly requestId: string;
  /** The body may become shorter than the provider said. */
  readonly edited: boolean;
  /** Where the request went, and came from: URLs of the provider become ours. */
  readonly connection: Connection;
  readonly callerUrl: string;
  /** What must not be in them. */
  readonly key: Secret;
}

/** The provider's headers as the caller gets them: nothing that acts on a browser's store or on our origin. */
export function answerHeaders(headers: AnswerHeaders, choices: AnswerHeaderChoices): [string, string][] {
  const named = connectionListed(headers.get("connection") ?? undefined);
  const pairs: [string, string][] = [];
  for (const [name, value] of headers.pairs) {
    if (RESPONSE_DROPPED.has(name) || named?.has(name) === true) continue;
    if (choices.edited && name === "content-length") continue;
    pairs.push([name, withoutKey(ownUrl(name, value, choices.connection, choices.callerUrl), choices.key)]);
  }
  pairs.push(
    ["x-content-type-options", "nosniff"],
    ["content-security-policy", "sandbox"],
    ["x-ownkey-request-id", choices.requestId],
  );
  return pairs;
}

/** Names that `Connection` declares hop by hop; `undefined` for the usual values. */
function connectionListed(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === "keep-alive" || value === "close") return undefined;
  return new Set(value.split(",").map((name) => name.trim().toLowerCase()));
}
