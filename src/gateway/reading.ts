import { AppError } from "../kernel/index.ts";
import type { RouteRule } from "../providers/index.ts";
import { announcedBytes, decodeBody, limitedStream, readBody, tooLarge } from "./body.ts";
import type { BodyKeeping } from "./body-keeping.ts";
import type { Candidate } from "./choose-connection.ts";
import { checkCharset } from "./charset.ts";
import { chatBody } from "./cursor.ts";
import { GOVERNED } from "./governed.ts";
import { type ScannedJson, scanJson } from "./json-scan.ts";
import { type MultipartForm, readMultipart, readWholeForm } from "./multipart.ts";
import type { RequestHeaders } from "./request-headers.ts";
import type { Target } from "./target.ts";

/** A request body as far as the rules need to know it. */
export interface Reading {
  /** Decoded, as the caller sent it; `null` when it passes as a stream or there is none. */
  readonly bytes: Uint8Array | null;
  /** A body that nobody looks into. */
  readonly upload: ReadableStream<Uint8Array> | null;
  /** Of the body; what is announced for one that streams. */
  readonly sizeBytes: number;
  /** A content coding was undone. */
  readonly decoded: boolean;
  /** Of a JSON object; `undefined` for anything else. */
  readonly scanned: ScannedJson | undefined;
  /** May be `connection/model` when it is not from the path. */
  readonly model: string | undefined;
  readonly modelIsInPath: boolean;
  readonly stream: boolean;
}

/** A body that has not been read yet. */
export interface Unread {
  readonly request: Request;
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly target: Target;
  /** Whom it may be for. */
  readonly candidates: readonly Pick<Candidate, "rule">[];
  /** None for a body that is announced to be small. */
  readonly keeping?: BodyKeeping | undefined;
}

/** The same, with what bounds it. */
interface Bounded extends Unread {
  readonly announced: number | undefined;
  readonly limitBytes: number;
}

/**
 * Reads as much of the body as the rules of its route ask for: JSON as a whole, a form up to its model, a file not at
 * all. The content type decides only where more than one is possible: some providers do not look at it.
 * @throws AppError `too_large`, `overloaded`, `invalid_input`, `ambiguous_body`, `unsupported`, `storage_full`,
 *   `store_unavailable`; `cancelled` when the caller went away.
 */
export function readRequest(unread: Unread): Reading | Promise<Reading> {
  const { request, method, headers, target, candidates } = unread;
  const announced = announcedBytes(headers);
  const empty = announced === undefined ? request.body === null : announced === 0;
  if (method === "GET" || method === "HEAD" || empty) return readNothing(target);
  const limitBytes = largestBody(candidates);
  if (announced !== undefined && announced > limitBytes) throw tooLarge(limitBytes);
  const body: Bounded = { ...unread, announced, limitBytes };
  const contentType = headers["content-type"] ?? "";
  const isForm = contentType.toLowerCase().startsWith("multipart/");
  const isJson = contentType.includes("json");
  if (!isJson && takes(candidates, FILES)) return readUpload(body);
  if (!isJson && takes(candidates, ANYTHING)) return isForm ? readUpload(body) : readAnything(body);
  // Elsewhere a form is no form: whoever does not look at the content type would read JSON in it.
  if (isForm && takes(candidates, MEDIA)) return readForm(body);
  return readJson(body);
}

function largestBody(candidates: Unread["candidates"]): number {
  let largest = 0;
  for (const { rule } of candidates) if (rule !== undefined) largest = Math.max(largest, rule.maxBodyBytes);
  return largest;
}

function takes(candidates: Unread["candidates"], kinds: ReadonlySet<RouteRule["kind"]>): boolean {
  for (const { rule } of candidates) if (rule !== undefined && !kinds.has(rule.kind)) return false;
  return true;
}

/** Kinds of routes by what their bodies may be besides JSON: bytes of a file, a form with a model, whatever. */
const FILES: ReadonlySet<RouteRule["kind"]> = new Set(["files"]);
const MEDIA: ReadonlySet<RouteRule["kind"]> = new Set(["images", "audio_transcription"]);
const ANYTHING: ReadonlySet<RouteRule["kind"]> = new Set(["files", "other"]);

/** A body of a route that we do not know: judged when it looks like a JSON object, whatever it says it is. */
async function readAnything({
  request,
  headers,
  target,
  announced,
  limitBytes,
  keeping,
}: Bounded): Promise<Reading> {
  const coding = codingOf(headers);
  const raw = await readBody(request, announced, limitBytes, keeping?.share);
  const bytes = coding === undefined ? raw : await decodeBody(raw, coding, limitBytes, keeping?.share);
  const first = bytes.find((byte) => !JSON_SPACE.has(byte));
  if (first === OPEN_BRACE) {
    checkCharset(headers["content-type"] ?? "", bytes);
    return judge(bytes, target, coding !== undefined);
  }
  return { ...readNothing(target), bytes: raw, sizeBytes: raw.length };
}

function readJson(body: Bounded): Promise<Reading> {
  const { request, headers, target, announced, limitBytes, keeping } = body;
  const raw = readBody(request, announced, limitBytes, keeping?.share);
  const coding = codingOf(headers);
  const type = headers["content-type"] ?? "";
  if (coding === undefined) return raw.then((bytes) => readPlainJson(bytes, type, target, false));
  return raw
    .then((bytes) => decodeBody(bytes, coding, limitBytes, keeping?.share))
    .then((bytes) => readPlainJson(bytes, type, target, true));
}

function readPlainJson(sent: Uint8Array, contentType: string, target: Target, decoded: boolean): Reading {
  checkCharset(contentType, sent);
  const isCursorChat = target.cursor && target.path === "/v1/chat/completions";
  const bytes = isCursorChat ? chatBody(sent) : sent;
  if (bytes.length === 0) return { ...readNothing(target), decoded };
  return judge(bytes, target, decoded);
}

/** `undefined` for a body that comes as it is. */
function codingOf(headers: RequestHeaders): string | undefined {
  const coding = headers["content-encoding"];
  return coding === undefined || coding.toLowerCase() === "identity" ? undefined : coding;
}

async function readForm(unread: Bounded): Promise<Reading> {
  const { body, model, sizeBytes } = await formOf(unread);
  const isWhole = body instanceof Uint8Array;
  const nothing = readNothing(unread.target);
  return {
    ...nothing,
    bytes: isWhole ? body : null,
    upload: isWhole ? null : body,
    sizeBytes: sizeBytes ?? unread.announced ?? 0,
    model: nothing.model ?? model,
  };
}

async function formOf({ request, headers, announced, limitBytes, keeping }: Bounded): Promise<MultipartForm> {
  const contentType = headers["content-type"] ?? "";
  if (keeping === undefined || request.body === null) {
    return readWholeForm(await readBody(request, announced, limitBytes, keeping?.share), contentType);
  }
  return await readMultipart(request.body, contentType, limitBytes, keeping);
}

function readUpload({ request, target, announced, limitBytes }: Bounded): Reading {
  return {
    ...readNothing(target),
    upload: request.body === null ? null : limitedStream(request.body, limitBytes),
    sizeBytes: announced ?? 0,
  };
}

/** What the rules need to know of a JSON body that is at hand. */
function judge(bytes: Uint8Array, target: Target, decoded: boolean): Reading {
  const scanned = scanJson(bytes, GOVERNED);
  if (scanned.root.kind !== "object") {
    throw new AppError("invalid_input", `the JSON body is not an object but of type ${scanned.root.kind}`, {
      hint: "send one JSON object",
    });
  }
  return {
    bytes,
    upload: null,
    sizeBytes: bytes.length,
    decoded,
    scanned,
    modelIsInPath: target.model !== undefined,
    model: target.model ?? scanned.text("model"),
    stream: target.streams || scanned.isTrue("stream"),
  };
}

function readNothing({ model, streams }: Target): Reading {
  return { ...NO_BODY, model, modelIsInPath: model !== undefined, stream: streams };
}

const OPEN_BRACE = 0x7b;
const JSON_SPACE: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20]);

const NO_BODY: Reading = {
  bytes: null,
  upload: null,
  sizeBytes: 0,
  decoded: false,
  scanned: undefined,
  model: undefined,
  modelIsInPath: false,
  stream: false,
};
