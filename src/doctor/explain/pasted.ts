/**
 * Reading an error as people paste it: a provider's JSON, the text of an SDK's exception (Python's `repr` included), a
 * dump of an HTTP answer, a line of a log. Never throws, and takes linear time in what it looks at.
 */
import { isJsonObject, type JsonObject, parseJson } from "../../kernel/index.ts";

export interface PastedError {
  /** 0 when nothing tells it. */
  readonly status: number;
  readonly headers: Headers;
  /** The error's document as JSON, else the text. */
  readonly body: string;
  readonly document: JsonObject | undefined;
  /** All of it, cut. */
  readonly text: string;
}

const MAX_CHARS = 64 * 1024;
const MAX_CANDIDATES = 40;

export function readPasted(pasted: string): PastedError {
  const text = pasted.slice(0, MAX_CHARS).replaceAll("\r\n", "\n");
  const document = documentIn(text);
  const headers = headersIn(text);
  return {
    status: statusIn(text, document),
    headers,
    body: document ? JSON.stringify(document) : text.trim(),
    document,
    text,
  };
}

/** In the order in which they are believed. */
const STATUS_PATTERNS: readonly RegExp[] = [
  /\bHTTP\/\d(?:\.\d)? ([1-5]\d\d)\b/,
  /\bError code: ([1-5]\d\d)\b/,
  /\bstatus[ _-]?(?:code)?["']?(?: is)? {0,3}[:=]? {0,3}["']?([1-5]\d\d)\b/i,
  /\b\w{0,40}(?:Error|Exception): ([1-5]\d\d)\b/,
  /(?:^|[\s([])([45]\d\d) {1,3}(?:Unauthorized|Forbidden|Not Found|Bad Request|Too Many Requests|Payment Required|Internal Server Error|Service Unavailable|Bad Gateway|Gateway Timeout|INVALID_ARGUMENT|UNAUTHENTICATED|PERMISSION_DENIED|NOT_FOUND|RESOURCE_EXHAUSTED|FAILED_PRECONDITION|UNAVAILABLE|INTERNAL)/,
  /^\s{0,8}([45]\d\d)\b/,
];

/** Classes of the official SDKs, which name a status. */
const STATUS_OF_CLASS: readonly (readonly [RegExp, number])[] = [
  [/\bAuthenticationError\b/, 401],
  [/\bPermissionDenied(?:Error)?\b/, 403],
  [/\bNotFoundError\b/, 404],
  [/\bRateLimitError\b/, 429],
  [/\b(?:BadRequest|InvalidRequest|UnprocessableEntity)Error\b/, 400],
  [/\bOverloadedError\b/, 529],
  [/\bInternalServerError\b/, 500],
];

function statusIn(text: string, document: JsonObject | undefined): number {
  for (const pattern of STATUS_PATTERNS) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined && Number(found) >= 300) return Number(found);
  }
  const error = document?.["error"];
  const code = isJsonObject(error) ? error["code"] : undefined;
  if (typeof code === "number" && code >= 300 && code < 600) return code;
  return STATUS_OF_CLASS.find(([pattern]) => pattern.test(text))?.[1] ?? 0;
}

/** The header lines that say when to try again; `curl -v` puts `< ` before each. */
function headersIn(text: string): Headers {
  const headers = new Headers();
  for (const match of text.matchAll(
    /^(?:< ?)?(retry-after(?:-ms)?|date|x-should-retry|(?:x|anthropic)-ratelimit-[a-z-]{1,40}): ?([\x20-\x7e]{1,100})$/gim,
  )) {
    headers.set(match[1] ?? "", match[2] ?? "");
  }
  return headers;
}

/** The first object in the text that holds an error, else the first object; in JSON, escaped JSON or Python's `repr`. */
function documentIn(text: string): JsonObject | undefined {
  let first: JsonObject | undefined;
  let at = text.indexOf("{");
  for (let tried = 0; at >= 0 && tried < MAX_CANDIDATES; tried++, at = text.indexOf("{", at + 1)) {
    const end = endOfObject(text, at);
    if (end === undefined) continue;
    const found = objectOf(text.slice(at, end));
    if (!found) continue;
    if (holdsError(found)) return found;
    first ??= found;
  }
  return first;
}

function holdsError(object: JsonObject): boolean {
  return (
    "error" in object || object["type"] === "error" || object["object"] === "error" || "detail" in object
  );
}

function objectOf(slice: string): JsonObject | undefined {
  for (const form of [slice, slice.replace(/\\(["\\])/g, "$1"), fromPython(slice)]) {
    const value = parseJson(form);
    if (isJsonObject(value)) return value;
  }
  return undefined;
}

/** Behind the brace that closes the one at `start`; `undefined` when none does. Braces in strings do not count. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || (character === "'" && opensString(text, at))) quote = character;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}

/** An apostrophe within a word (`don't`) opens nothing. */
function opensString(text: string, at: number): boolean {
  return /[\s:,[{(]/.test(text[at - 1] ?? " ");
}

/** `{'a': None, 'b': "it's"}` as JSON. */
function fromPython(text: string): string {
  let json = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"' || character === "'") {
      const [string, end] = pythonString(text, at);
      json += JSON.stringify(string);
      at = end;
      continue;
    }
    const word = /^[A-Z][a-z]{2,4}/.exec(text.slice(at, at + 5))?.[0] ?? "";
    const constant = PYTHON_CONSTANTS[word];
    json += constant ?? character;
    if (constant !== undefined) at += word.length - 1;
  }
  return json;
}

const PYTHON_CONSTANTS: Readonly<Record<string, string>> = { None: "null", True: "true", False: "false" };

function pythonString(text: string, start: number): [string, number] {
  const quote = text[start];
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === quote) return [value, at];
    if (character === "\\") {
      const next = text[++at] ?? "";
      value += next === "n" ? "\n" : next === "t" ? "\t" : next;
    } else value += character;
  }
  return [value, text.length];
}
