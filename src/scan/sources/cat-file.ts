/** Contents of git objects through one `git cat-file --batch`, read one after the other without holding them. */
import { utf8 } from "../../kernel/index.ts";
import { ByteReader } from "./byte-reader.ts";
import { type GitPlace, startGit } from "./git.ts";

export interface BlobRequest {
  readonly id: string;
}

export interface Blob<Request extends BlobRequest> {
  readonly request: Request;
  readonly sizeBytes: number;
  /** At most once, before the next blob is asked for. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

const LINE_FEED = 0x0a;
/** Commits and trees are gone through by others. */
const TEXTS: ReadonlySet<string> = new Set(["blob", "tag"]);

/**
 * The blobs and tags in the order of the requests; those that are not there, as in a partial clone, are passed over. When the
 * requests end with an error, it is thrown after the blobs that were asked for before it.
 */
export async function* readBlobs<Request extends BlobRequest>(
  place: GitPlace,
  requests: AsyncIterable<Request> | Iterable<Request>,
): AsyncGenerator<Blob<Request>> {
  // Asked for, not yet answered: git takes as many as fit into a pipe, about 1,500.
  const asked: Request[] = [];
  const failures: unknown[] = [];
  const git = startGit(place, ["cat-file", "--batch"], streamFrom(idLines(requests, asked, failures)));
  const reader = new ByteReader(git.output);
  try {
    for (;;) {
      const header = await reader.textUntil(LINE_FEED);
      const request = header === undefined ? undefined : asked.shift();
      if (header === undefined || request === undefined) break;
      const found = sizeIn(header);
      if (!found) continue;
      const { sizeBytes, isText } = found;
      if (!isText) {
        await reader.skip(sizeBytes + 1);
        continue;
      }
      let taken = false;
      const chunks = () => {
        taken = true;
        return reader.take(sizeBytes);
      };
      yield { request, sizeBytes, chunks };
      // A line feed of git's own follows the content.
      await reader.skip(taken ? 1 : sizeBytes + 1);
    }
    if (failures.length > 0) throw failures[0];
    await git.finished();
  } finally {
    git.kill();
  }
}

/** `<id> <type> <size>`, and the content in the next line; what is not there has another form and no content. */
function sizeIn(header: string): { sizeBytes: number; isText: boolean } | undefined {
  const [, type = "", size] = /^[0-9a-f]{40,64} ([a-z]+) (\d{1,15})$/.exec(header) ?? [];
  return size === undefined ? undefined : { sizeBytes: Number(size), isText: TEXTS.has(type) };
}

/** An error is kept: for git it is the end of its input and no failure, so that nobody else would tell of it. */
async function* idLines<Request extends BlobRequest>(
  requests: AsyncIterable<Request> | Iterable<Request>,
  asked: Request[],
  failures: unknown[],
): AsyncGenerator<Uint8Array> {
  try {
    for await (const request of requests) {
      asked.push(request);
      yield utf8(`${request.id}\n`);
    }
  } catch (error) {
    failures.push(error);
  }
}

export function streamFrom(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
