import { inBatches, type Batch, isStream } from "./batches.ts";
import { FileLook } from "./file-look.ts";
import type { ScanEvent } from "./finding.ts";
import { FindingMaker } from "./finding-maker.ts";
import { Matcher } from "./matcher.ts";
import type { ScanNotice } from "./notice.ts";
import { RULES } from "./rules.ts";
import type { Origin } from "./origin.ts";
import type { ScanOptions, ScanProgress } from "./scan-options.ts";
import { accessOf } from "./settings/readers.ts";
import type { Source, SourceStream } from "./source.ts";
import { type Looked, StreamReading } from "./stream-reading.ts";
import type { Hit } from "./stream-scanner.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Looks through sources, one after the other, and gives findings as it comes to them. What cannot be read becomes a
 * notice; nothing a source holds can end the scan. Memory does not grow with what is looked at. Writes nothing and
 * calls nobody.
 */
export async function* scan(options: ScanOptions): AsyncGenerator<ScanEvent> {
  const run = new ScanRun(options);
  for (const source of options.sources) {
    try {
      for await (const item of inBatches(source.items())) {
        if (options.signal?.aborted) return;
        yield* isStream(item) ? run.stream(source, item) : run.files(source, item);
      }
    } catch (error) {
      yield unreadable(source.name, error, "source_failed");
    }
  }
}

const GROUP_KEY_BYTES = 32;

/** What lasts from stream to stream. */
class ScanRun {
  readonly #options: ScanOptions;
  readonly #matcher: Matcher;
  readonly #look: FileLook;
  readonly #maker: FindingMaker;
  readonly #done = { streams: 0, sizeBytes: 0, findings: 0 };

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#matcher = new Matcher(options.rules ?? RULES);
    this.#look = new FileLook(this.#matcher, options.known);
    this.#maker = new FindingMaker(options.randomness(GROUP_KEY_BYTES), options.isVirtualKey);
  }

  async *files(source: Source, batch: Batch): AsyncGenerator<ScanEvent> {
    for (const item of batch) {
      if (item.type === "notice") yield item;
      else {
        if (this.#options.signal?.aborted) return;
        const looked = this.#look.look(item.path);
        yield* this.#told(source, { kind: "file", path: item.path }, looked, looked.hits);
      }
    }
  }

  async *stream(source: Source, stream: SourceStream): AsyncGenerator<ScanEvent> {
    const { origin, fullChunkBytes } = stream;
    const reading = new StreamReading({
      path: origin.path,
      matcher: this.#matcher,
      known: this.#options.known,
      fullChunkBytes,
    });
    let broken: ScanNotice | undefined;
    try {
      for await (const chunk of stream.chunks()) if (!reading.push(chunk)) break;
    } catch (error) {
      broken = unreadable(origin.path, error);
    }
    const looked = reading.end(broken);
    yield* this.#told(source, origin, looked, await countedHits(stream, looked.hits));
  }

  *#told(source: Source, origin: Origin, looked: Looked, hits: readonly Hit[]): Generator<ScanEvent> {
    const place = hits.length === 0 ? origin : withReaders(origin);
    const findings = hits
      .map((hit) => this.#maker.make(place, hit))
      .filter((finding) => finding !== undefined)
      .filter((finding) => !this.#options.baseline?.accepts(finding));
    this.#report(source, origin, looked.sizeBytes, findings.length);
    yield* findings;
    yield* looked.notices;
  }

  #report(source: Source, { path }: Origin, sizeBytes: number, findings: number): void {
    this.#done.streams++;
    this.#done.sizeBytes += sizeBytes;
    this.#done.findings += findings;
    const progress: ScanProgress = { source: source.name, path, ...this.#done };
    this.#options.onProgress?.(progress);
  }
}

async function countedHits({ countedLines }: SourceStream, hits: readonly Hit[]): Promise<readonly Hit[]> {
  if (!countedLines || hits.length === 0) return hits;
  // Where lines cannot be told apart, all of them count.
  const counts = await countedLines().catch(() => () => true);
  return hits.filter(({ line }) => counts(line));
}

/** Who can read a file is asked only where something was found. */
function withReaders(origin: Origin): Origin {
  const isFile = origin.kind === "file" || origin.kind === "tool";
  const readers = origin.readers ?? (isFile ? accessOf(origin.path)?.really : undefined);
  return readers === undefined ? origin : { ...origin, readers };
}
