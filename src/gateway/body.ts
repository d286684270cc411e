import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { AppError } from "../kernel/index.ts";
import { type BodyShare, largerThanMemory } from "./body-memory.ts";
import type { RequestHeaders } from "./request-headers.ts";

/** A small body may grow to this size whatever its ratio. */
const FREE_GROWTH_BYTES = 1024 * 1024;
/** Text is seldom written shorter than this: one that is gets read a second time, with room for as much as it may be. */
const USUAL_RATIO = 16;
/** More than this is no text or picture but a bomb. */
const MAX_RATIO = 200;

/** What reading needs of a request's share of the memory for bodies; none for a body that is not counted. */
type Growing = BodyShare | undefined;

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
]);

/**
 * The whole request body, at most `limitBytes` of it, in the memory of `share`; `announced` as {@link announcedBytes}.
 * @throws AppError `too_large`; `overloaded`; `cancelled` when the caller went away while sending.
 */
export function readBody(
  request: Request,
  announced: number | undefined,
  limitBytes: number,
  share: Growing,
): Promise<Uint8Array> {
  if (announced === undefined) {
    return request.body === null
      ? Promise.resolve(EMPTY)
      : readLimited(request.body, limitBytes, share).catch(cut);
  }
  if (announced > limitBytes) throw tooLarge(limitBytes);
  // With an announced length the server itself refuses more.
  if (share === undefined || request.body === null) return request.bytes().catch(cut);
  return readExpected(request.body, announced, limitBytes, share).catch(cut);
}

/** Until there is room nothing is read. */
async function readExpected(
  body: ReadableStream<Uint8Array>,
  announced: number,
  limitBytes: number,
  share: BodyShare,
): Promise<Uint8Array> {
  const room = share.expect(announced);
  if (room !== undefined) await room;
  const bytes = await readLimited(body, limitBytes, share);
  share.arrived();
  return bytes;
}

function cut(error: unknown): never {
  if (error instanceof AppError) throw error;
  throw new AppError("cancelled", "the request body was cut", { cause: error });
}

/** `Content-Length`, which the server has checked; `undefined` for a chunked body. */
export function announcedBytes(headers: RequestHeaders): number | undefined {
  const text = headers["content-length"];
  return text === undefined ? undefined : Number(text);
}

/** The body without its content coding. @throws AppError `too_large`, `overloaded`, `unsupported`, `invalid_input`. */
export async function decodeBody(
  bytes: Uint8Array,
  coding: string,
  limitBytes: number,
  share: Growing,
): Promise<Uint8Array> {
  const decode = DECODERS.get(coding.trim().toLowerCase());
  if (decode === undefined) {
    throw new AppError("unsupported", "the request body has a content coding that is not carried", {
      hint: "send it with gzip, deflate, br, zstd or none",
    });
  }
  const most = Math.min(limitBytes, grown(bytes, MAX_RATIO));
  const roomBytes = share?.roomBytes ?? most;
  // Room for all that it may become would be room for hardly anything else.
  const usual = Math.min(most, roomBytes, grown(bytes, USUAL_RATIO));
  const decoded =
    (await decodeWithin(usual, bytes, decode, share)) ??
    (await decodeWithin(Math.min(most, roomBytes), bytes, decode, share));
  if (decoded !== undefined) return decoded;
  throw roomBytes < most ? largerThanMemory(roomBytes) : tooLarge(most);
}

function grown(bytes: Uint8Array, ratio: number): number {
  return Math.max(FREE_GROWTH_BYTES, bytes.length * ratio);
}

/** `undefined` when it is larger; the room is taken before, as a bomb is told only when it has gone off. */
async function decodeWithin(
  mostBytes: number,
  bytes: Uint8Array,
  decode: Decode,
  share: Growing,
): Promise<Uint8Array | undefined> {
  await share?.grow(mostBytes);
  try {
    const decoded = await decode(bytes, { maxOutputLength: mostBytes });
    share?.shrink(mostBytes - decoded.length);
    return decoded;
  } catch (error) {
    share?.shrink(mostBytes);
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw new AppError("invalid_input", "the request body does not match its content coding", {
      hint: "send it without Content-Encoding",
      cause: error,
    });
  }
}

/** A body on its way through, that fails once it is larger than allowed. */
export function limitedStream(
  body: ReadableStream<Uint8Array>,
  limitBytes: number,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let seen = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await reader.read();
        if (piece.done) {
          controller.close();
          return;
        }
        seen += piece.value.length;
        if (seen > limitBytes) throw tooLarge(limitBytes);
        controller.enqueue(piece.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function readLimited(
  body: ReadableStream<Uint8Array>,
  limitBytes: number,
  share: Growing,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const piece = await reader.read();
      if (piece.done) return pieces.length === 1 ? (pieces[0] ?? EMPTY) : Buffer.concat(pieces);
      size += piece.value.length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      const room = share?.came(piece.value.length);
      if (room !== undefined) await room;
      pieces.push(piece.value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error;
  }
}

export function tooLarge(limitBytes: number): AppError {
  return new AppError(
    "too_large",
    `the request body is larger than the ${limitBytes} bytes this route carries`,
    {
      hint: "send less at once, or upload files first and refer to them",
      details: { limitBytes },
    },
  );
}

const EMPTY = new Uint8Array(0);
