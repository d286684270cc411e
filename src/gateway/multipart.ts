/**
 * Finds the model of a multipart form while it streams by, without keeping the file: fields that come before it are
 * read from the beginning of the body, as all SDKs write them. A form that names its model behind the file is kept in
 * memory while it is small, then in a file that is encrypted and has no name, up to the route's limit. What is behind
 * the model is watched too: a second one ends the request.
 */
import { AppError } from "../kernel/index.ts";
import { limitedStream } from "./body.ts";
import type { BodyKeeping } from "./body-keeping.ts";
import { FormWatch } from "./form-watch.ts";

/** As much of the beginning is looked at before anything goes on. */
const LOOK_BYTES = 64 * 1024;
/** A form whose model has not come until here goes into a file. */
const SPOOLED_FROM_BYTES = 1024 * 1024;

export interface MultipartForm {
  /** The whole body, unchanged. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array;
  readonly model: string | undefined;
  /** Of a body that has been read whole; `undefined` for one that comes as it is sent. */
  readonly sizeBytes: number | undefined;
}

/**
 * @throws AppError `too_large`, `overloaded`; `ambiguous_body` when a form has two models; `invalid_input` for what is
 *   no form, or one that could be read in two ways; `storage_full`, `store_unavailable`. A body that goes on as a
 *   stream fails in the same ways.
 */
export async function readMultipart(
  stream: ReadableStream<Uint8Array>,
  contentType: string,
  limitBytes: number,
  keeping: BodyKeeping,
): Promise<MultipartForm> {
  const watch = new FormWatch(boundaryOf(contentType), MODEL);
  const reader = limitedStream(stream, limitBytes).getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    while (size < LOOK_BYTES || (watch.value === undefined && size < SPOOLED_FROM_BYTES)) {
      const read = await reader.read();
      if (read.done) {
        watch.end();
        return { model: watch.value, body: Buffer.concat(pieces), sizeBytes: size };
      }
      watch.push(read.value);
      const room = keeping.share.grow(read.value.length);
      if (room !== undefined) await room;
      pieces.push(read.value);
      size += read.value.length;
    }
    if (watch.value === undefined) return await spooled(keeping, pieces, reader, watch);
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error;
  }
  return { model: watch.value, body: watched(Buffer.concat(pieces), reader, watch), sizeBytes: undefined };
}

/** The same for a form that is at hand. */
export function readWholeForm(body: Uint8Array, contentType: string): MultipartForm {
  const watch = new FormWatch(boundaryOf(contentType), MODEL);
  watch.push(body);
  watch.end();
  return { model: watch.value, body, sizeBytes: body.length };
}

/** The whole form through a file, so that its model is known before anything goes on. */
async function spooled(
  keeping: BodyKeeping,
  pieces: Uint8Array[],
  reader: Reader,
  watch: FormWatch,
): Promise<MultipartForm> {
  const spool = await keeping.openSpool();
  try {
    for (const piece of pieces.splice(0)) {
      await spool.append(piece);
      keeping.share.shrink(piece.length);
    }
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      watch.push(read.value);
      await spool.append(read.value);
    }
    watch.end();
    return { model: watch.value, sizeBytes: spool.sizeBytes, body: await spool.readAll() };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** What was read already, then the rest as it comes, as long as it names no second model. */
function watched(beginning: Uint8Array, reader: Reader, watch: FormWatch): ReadableStream<Uint8Array> {
  let begun = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!begun) {
          begun = true;
          controller.enqueue(beginning);
          return;
        }
        const read = await reader.read();
        if (read.done) {
          watch.end();
          controller.close();
          return;
        }
        watch.push(read.value);
        controller.enqueue(read.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function boundaryOf(contentType: string): string {
  const found = [...contentType.matchAll(/;\s*boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/gi)];
  const boundary = found[0]?.[1] ?? found[0]?.[2];
  if (boundary !== undefined && found.length === 1) return boundary;
  throw new AppError("invalid_input", "the multipart body has no single boundary in its Content-Type", {
    hint: "let the HTTP client set the Content-Type",
  });
}

const MODEL = "model";

interface Reader {
  read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}
