import {
  isJsonObject,
  type Json,
  type JsonObject,
  numberAt,
  objectAt,
  parseJson,
  stringAt,
} from "../kernel/index.ts";
import { objectsAt } from "./counts.ts";
import type { ProviderAnswer } from "./provider.ts";

/**
 * What an error says, in one form for all envelopes: OpenAI `{error:{message,type,code}}`, Anthropic
 * `{type:"error",error:{type,message}}`, Azure `{error:{code,message}}`, Google `{error:{code,status,details}}`, a
 * Responses event with `response.error`, a bare `{message}`, or no JSON at all.
 */
export interface ErrorFacts {
  /** HTTP status; for an error inside a 200 answer the one that its type or code stands for, else 200. */
  readonly status: number;
  /** Words that name the kind of error: code, type, status, reasons. Matched as whole words. */
  readonly words: readonly string[];
  /** The provider's message, or the start of a body that is not JSON. */
  readonly text: string;
  /** Whether the body holds an error at all. */
  readonly found: boolean;
  /** Members that only some providers give, for rules of their own. */
  readonly error: JsonObject;
  /** The whole document; `undefined` when the body is no JSON object. */
  readonly document: JsonObject | undefined;
}

const MAX_TEXT_CHARS = 2000;

export function readErrorFacts(
  answer: ProviderAnswer,
  statusOfWord: Readonly<Record<string, number>>,
): ErrorFacts {
  const document = documentOf(answer.body);
  const error = errorOf(document);
  const words = wordsOf(error ?? {});
  return {
    status:
      answer.status >= 300 ? answer.status : (impliedStatus(error, words, statusOfWord) ?? answer.status),
    words,
    text: textOf(error, document, answer).slice(0, MAX_TEXT_CHARS),
    found: error !== undefined,
    error: error ?? {},
    document,
  };
}

/** The body as an object; of a list the first, of a text of server-sent events the last with an error. */
function documentOf(body: string): JsonObject | undefined {
  const whole = firstObject(parseJson(body));
  if (whole || !/^(?:event|data):/m.test(body)) return whole;
  return body
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => firstObject(parseJson(line.slice(5))))
    .findLast((event) => event !== undefined && errorOf(event) !== undefined);
}

function firstObject(value: Json | undefined): JsonObject | undefined {
  if (Array.isArray(value)) return value.find(isJsonObject);
  return isJsonObject(value) ? value : undefined;
}

function errorOf(document: JsonObject | undefined): JsonObject | undefined {
  if (!document) return undefined;
  const direct = objectAt(document, "error") ?? objectAt(objectAt(document, "response"), "error");
  if (direct) return direct;
  const text = stringAt(document, "error") ?? stringAt(document, "detail");
  if (text !== undefined) return { message: text, ...codeOf(document) };
  const isError = document["type"] === "error" || document["object"] === "error" || "status_code" in document;
  return isError ? document : undefined;
}

/** xAI answers `{"code":"…","error":"text"}`. */
function codeOf(document: JsonObject): JsonObject {
  const code = stringAt(document, "code");
  return code === undefined ? {} : { code };
}

function wordsOf(error: JsonObject): string[] {
  const details = objectsAt(error, "details");
  const candidates = [
    error["code"],
    error["type"],
    error["status"],
    objectAt(error, "innererror")?.["code"],
    objectAt(error, "details")?.["error_code"],
    ...details.map((detail) => detail["reason"]),
  ];
  return candidates
    .filter((word) => typeof word === "string" || typeof word === "number")
    .map((word) => String(word).slice(0, 200));
}

function impliedStatus(
  error: JsonObject | undefined,
  words: readonly string[],
  statusOfWord: Readonly<Record<string, number>>,
): number | undefined {
  const code = numberAt(error, "code") ?? Number(stringAt(error, "code") ?? Number.NaN);
  if (Number.isInteger(code) && code >= 400 && code <= 599) return code;
  const word = words.find((candidate) => Object.hasOwn(statusOfWord, candidate));
  return word === undefined ? undefined : statusOfWord[word];
}

function textOf(
  error: JsonObject | undefined,
  document: JsonObject | undefined,
  answer: ProviderAnswer,
): string {
  const message = stringAt(error, "message") ?? stringAt(document, "message");
  if (message !== undefined) return message;
  // A page or plain text of some proxy: its words, not its markup.
  return document
    ? ""
    : answer.body
        .slice(0, 10 * MAX_TEXT_CHARS)
        .replace(/<[^<>]*>|\s+/g, " ")
        .trim();
}
