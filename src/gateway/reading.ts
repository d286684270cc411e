import { AppError } from "../kernel/index.ts";
import type { RouteRule } from "../providers/index.ts";
import { announcedBytes, decodeBody, limitedStream, readBody, tooLarge } from "./body.ts";
import type { BodyKeeping } from "./body-keeping.ts";
import { chatBody } from "./cursor.ts";
import { GOVERNED } from "./governed.ts";
import { type ScannedJson, scanJson } from "./json-scan.ts";
import { readMultipart } from "./multipart.ts";
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

/**
 * Reads as much of the body as the rules of its route ask for: JSON as a whole, a form up to its model, a file not at
 * all. The content type decides only where more than one is possible: some providers do not look at it.
 * @throws AppError `too_large`, `invalid_input`, `ambiguous_body`, `unsupported`.
 */
export async function readRequest(
  request: Request,
  target: Target,
  rules: readonly (RouteRule | undefined)[],
  keeping?: BodyKeeping,
): Promise<Reading> {
  const announced = announcedBytes(request.headers);
  const empty = announced === undefined ? request.body === null : announced === 0;
  if (request.method === "GET" || request.method === "HEAD" || empty) return readNothing(target);
  const limitBytes = rules.reduce((largest, rule) => Math.max(largest, rule?.maxBodyBytes ?? 0), 0);
  if (announced !== undefined && announced > limitBytes) throw tooLarge(limitBytes);
  const contentType = request.headers.get("content-type") ?? "";
  const takes = (kinds: ReadonlySet<RouteRule["kind"]>) =>
    rules.every((rule) => !rule || kinds.has(rule.kind));
  const isForm = contentType.toLowerCase().startsWith("multipart/");
  const isJson = contentType.includes("json");
  if (takes(FILES) && !isJson) return readUpload(request, target, limitBytes);
  if (takes(ANYTHING) && !isJson) {
    return isForm
      ? readUpload(request, target, limitBytes)
      : readAnything(request, target, limitBytes, keeping);
  }
  // Elsewhere a form is no form: whoever does not look at the content type would read JSON in it.
  if (isForm && takes(MEDIA)) return readForm(request, target, limitBytes, keeping);
  return readJson(request, target, limitBytes, keeping);
}

/** Kinds of routes by what their bodies may be besides JSON: bytes of a file, a form with a model, whatever. */
const FILES: ReadonlySet<RouteRule["kind"]> = new Set(["files"]);
const MEDIA: ReadonlySet<RouteRule["kind"]> = new Set(["images", "audio_transcription"]);
const ANYTHING: ReadonlySet<RouteRule["kind"]> = new Set(["files", "other"]);

/** A body of a route that we do not know: judged when it looks like a JSON object, whatever it says it is. */
async function readAnything(
  request: Request,
  target: Target,
  limitBytes: number,
  keeping: BodyKeeping | undefined,
): Promise<Reading> {
  const coding = request.headers.get("content-encoding")?.toLowerCase() ?? "identity";
  const isPlain = coding === "identity";
  const raw = await readBody(request, limitBytes, keeping?.share);
  const bytes = isPlain ? raw : await decodeBody(raw, coding, limitBytes, keeping?.share);
  const first = bytes.find((byte) => !JSON_SPACE.has(byte));
  if (first === OPEN_BRACE) return judge(bytes, target, !isPlain);
  return { ...readNothing(target), bytes: raw, sizeBytes: raw.length };
}

async function readJson(
  request: Request,
  target: Target,
  limitBytes: number,
  keeping: BodyKeeping | undefined,
): Promise<Reading> {
  const raw = await readBody(request, limitBytes, keeping?.share);
  const coding = request.headers.get("content-encoding");
  const decoded = coding !== null && coding.toLowerCase() !== "identity";
  const sent = decoded ? await decodeBody(raw, coding, limitBytes, keeping?.share) : raw;
  const isCursorChat = target.cursor && target.path === "/v1/chat/completions";
  const bytes = isCursorChat ? chatBody(sent) : sent;
  if (bytes.length === 0) return { ...readNothing(target), decoded };
  return judge(bytes, target, decoded);
}

async function readForm(
  request: Request,
  target: Target,
  limitBytes: number,
  keeping: BodyKeeping | undefined,
): Promise<Reading> {
  if (request.body === null) return readNothing(target);
  const contentType = request.headers.get("content-type") ?? "";
  const { body, model, sizeBytes } = await readMultipart(request.body, contentType, limitBytes, keeping);
  const isWhole = body instanceof Uint8Array;
  const nothing = readNothing(target);
  return {
    ...nothing,
    bytes: isWhole ? body : null,
    upload: isWhole ? null : body,
    sizeBytes: sizeBytes ?? announcedBytes(request.headers) ?? 0,
    model: nothing.model ?? model,
  };
}

function readUpload(request: Request, target: Target, limitBytes: number): Reading {
  return {
    ...readNothing(target),
    upload: request.body === null ? null : limitedStream(request.body, limitBytes),
    sizeBytes: announcedBytes(request.headers) ?? 0,
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
