/**
 * Finds the governed fields (`model`) of a multipart form while it streams by, without keeping the file: fields that
 * come before it are read from the beginning of the body, as all SDKs write them. A form that names its model behind
 * the file is kept in memory up to {@link MAX_KEPT_BYTES} and looked through as a whole.
 */
import { AppError } from "../kernel/index.ts";
import { limitedStream } from "./body.ts";

/** As much of the beginning is looked at before anything goes on. */
const LOOK_BYTES = 64 * 1024;
/** Forms with the model behind the file are carried up to this size. */
export const MAX_KEPT_BYTES = 25 * 1024 * 1024;
/** A field longer than this names no model. */
const MAX_FIELD_BYTES = 1024;

export interface MultipartForm {
  /** The whole body, unchanged. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array;
  readonly model: string | undefined;
}

/** @throws AppError `too_large`; `ambiguous_body` when a form has two models; `invalid_input` without a boundary. */
export async function readMultipart(
  stream: ReadableStream<Uint8Array>,
  contentType: string,
  limitBytes: number,
): Promise<MultipartForm> {
  const boundary = boundaryOf(contentType);
  const reader = limitedStream(stream, limitBytes).getReader();
  const beginning = await collect(reader, LOOK_BYTES);
  const early = fieldIn(beginning.bytes, boundary, "model");
  if (beginning.ended) return { model: early, body: beginning.bytes };
  if (early !== undefined) return { model: early, body: continued(beginning.bytes, reader) };
  const more = await collect(reader, MAX_KEPT_BYTES - beginning.bytes.length);
  if (!more.ended) {
    await reader.cancel().catch(() => {});
    throw modelTooLate();
  }
  const whole = Buffer.concat([beginning.bytes, more.bytes]);
  return { model: fieldIn(whole, boundary, "model"), body: whole };
}

/** Reads until the end, or until there are at least so many bytes. */
async function collect(reader: Reader, enoughBytes: number): Promise<{ bytes: Buffer; ended: boolean }> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  while (size < enoughBytes) {
    const read = await reader.read();
    if (read.done) return { bytes: Buffer.concat(pieces), ended: true };
    pieces.push(read.value);
    size += read.value.length;
  }
  return { bytes: Buffer.concat(pieces), ended: false };
}

/** The text of a form's field, from as much of the body as is there; `undefined` when it is not in it, whole. */
export function fieldIn(bytes: Buffer, boundary: string, name: string): string | undefined {
  const mark = `--${boundary}`;
  const found: string[] = [];
  let at = bytes.indexOf(mark);
  while (at >= 0) {
    const headStart = at + mark.length + 2;
    const headEnd = bytes.indexOf("\r\n\r\n", headStart);
    if (headEnd < 0) break;
    const next = bytes.indexOf(`\r\n${mark}`, headEnd + 2);
    if (next < 0) break;
    const isField = fieldName(bytes.toString("latin1", headStart, headEnd)) === name;
    const length = next - headEnd - 4;
    if (isField && length >= 0 && length <= MAX_FIELD_BYTES)
      found.push(bytes.toString("utf8", headEnd + 4, next));
    at = next + 2;
  }
  if (found.length > 1) {
    throw new AppError("ambiguous_body", `the form has "${name}" more than once`, {
      hint: "send each field once",
    });
  }
  return found[0];
}

function fieldName(head: string): string | undefined {
  const disposition = head
    .split("\r\n")
    .find((line) => line.toLowerCase().startsWith("content-disposition:"));
  if (disposition === undefined || /;\s*filename/i.test(disposition)) return undefined;
  const match = /;\s*name=(?:"([^"]*)"|([^;\s]+))/i.exec(disposition);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary !== undefined) return boundary;
  throw new AppError("invalid_input", "the multipart body has no boundary in its Content-Type", {
    hint: "let the HTTP client set Content-Type itself",
  });
}

/** What was looked at, then what is still to come. */
function continued(seen: Uint8Array, reader: Reader): ReadableStream<Uint8Array> {
  let first: Uint8Array | undefined = seen;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (first !== undefined) {
          controller.enqueue(first);
          first = undefined;
          return;
        }
        const read = await reader.read();
        if (read.done) controller.close();
        else controller.enqueue(read.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function modelTooLate(): AppError {
  return new AppError(
    "invalid_input",
    `the form does not name its model within its first ${MAX_KEPT_BYTES} bytes`,
    { hint: "put the field `model` before the file" },
  );
}

interface Reader {
  read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}
