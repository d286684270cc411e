import { AppError, remember } from "../../kernel/index.ts";
import type { HeaderPairs } from "../header-pairs.ts";

export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly host: string;
  /** Without `host` and `content-length`. */
  readonly headers: HeaderPairs;
  /** `undefined` = there is no body, and none is announced. */
  readonly bodyBytes: number | undefined;
}

const METHOD = /^[A-Z]{3,8}$/;
const TARGET = /^\/[\x21-\x7e]*$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The head of a request as HTTP/1.1 writes it. @throws AppError `invalid_input` when a part of it holds what would end
 * it early: a key with a line break in it must not become a header of its own.
 */
export function requestHead({ method, target, host, headers, bodyBytes }: RequestHead): string {
  if (!METHOD.test(method) || !TARGET.test(target)) throw unsound("the request line");
  if (!TARGET.test(`/${host}`)) throw unsound("the host");
  let text = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const [name, value] of headers) {
    if (!isName(name) || !VALUE.test(value)) throw unsound("a header");
    text += `${name}: ${value}\r\n`;
  }
  return bodyBytes === undefined ? `${text}\r\n` : `${text}content-length: ${bodyBytes}\r\n\r\n`;
}

/** Whether the names met lately are sound. */
const names = new Map<string, boolean>();
const MOST_NAMES = 512;

function isName(text: string): boolean {
  return names.get(text) ?? remember(names, MOST_NAMES, text, NAME.test(text));
}

function unsound(what: string): AppError {
  return new AppError("invalid_input", `${what} holds characters that HTTP does not carry`, {
    hint: "look for line breaks and control characters in headers, keys and the connection's settings",
  });
}
