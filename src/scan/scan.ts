import { type Batch, inBatches, isStream } from "./batches.ts";
import { FileLook } from "./file-look.ts";
import { FileQueue, type LookedBatch } from "./file-queue.ts";
import type { ScanEvent } from "./finding.ts";
import { FindingMaker } from "./finding-maker.ts";
import { Matcher } from "./matcher.ts";
import { notice, type ScanNotice } from "./notice.ts";
import type { Rule } from "./rule.ts";
import type { Origin } from "./origin.ts";
import type { ScanOptions, ScanProgress } from "./scan-options.ts";
import { accessOf } from "./settings/readers.ts";
import type { Source, SourceStream } from "./source.ts";
import { type Looked, StreamReading } from "./stream-reading.ts";
import type { Hit } from "./stream-scanner.ts";
import type { LookThreads } from "./threads/look-threads.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Looks through sources, one after the other, and gives findings as it comes to them. What cannot be read becomes a
 * notice; nothing a source holds can end the scan. Memory does not grow with what is looked at. Writes nothing and
 * calls nobody.
 */
export async function* scan(options: ScanOptions): AsyncGenerator<ScanEvent> {
  const [first, ...others] = options.sources;
  if (!first) return;
  const items = inBatches(first);
  // Where git has to be asked, it is at work while the rules are loaded.
  const begun = items.next();
  begun.catch(() => undefined);
  const run = new ScanRun(options, options.rules ?? (await import("./rules.ts")).RULES);
  try {
    yield* run.through(first, continued(begun, items));
    for (const source of others) yield* run.through(source, inBatches(source));
    yield* run.endedThreads;
  } finally {
    run.close();
    await items.return(undefined);
  }
}

/** A generator that somebody has asked for its first item already. */
async function* continued<Item>(
  begun: Promise<IteratorResult<Item>>,
  items: AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  const { done, value } = await begun;
  if (done) return;
  yield value;
  yield* items;
}

const GROUP_KEY_BYTES = 32;

/** What lasts from source to source. */
class ScanRun {
  readonly endedThreads: ScanNotice[] = [];
  readonly #options: ScanOptions;
  readonly #matcher: Matcher;
  readonly #queue: FileQueue;
  readonly #maker: FindingMaker;
  readonly #done = { streams: 0, sizeBytes: 0, findings: 0 };

  constructor(options: ScanOptions, rules: readonly Rule[]) {
    this.#options = options;
    this.#matcher = new Matcher(rules);
    this.#queue = new FileQueue({
      look: new FileLook(this.#matcher, options.known),
      startThreads: () => this.#startThreads(),
      worthwhileBytes: options.threads?.afterBytes ?? Number.POSITIVE_INFINITY,
      signal: options.signal,
    });
    this.#maker = new FindingMaker(options.randomness(GROUP_KEY_BYTES), options.isVirtualKey);
  }

  async *through(source: Source, items: AsyncIterable<Batch | SourceStream>): AsyncGenerator<ScanEvent> {
    let failed: ScanNotice | undefined;
    if (this.#isEnded) return;
    try {
      for await (const item of items) {
        if (this.#isEnded) return;
        if (isStream(item)) {
          yield* this.#files(source, this.#queue.rest());
          yield* this.#stream(source, item);
        } else yield* this.#files(source, this.#queue.add(item));
      }
    } catch (error) {
      failed = unreadable(source.name, error, "source_failed");
    }
    yield* this.#files(source, this.#queue.rest());
    if (failed) yield failed;
  }

  close(): void {
    this.#queue.close();
  }

  get #isEnded(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** Rules of somebody's own, and keys that cannot be shared, are for this thread alone. */
  #startThreads(): LookThreads | undefined {
    const { threads, rules, known } = this.#options;
    if (rules !== undefined || (known && !known.share)) return undefined;
    return threads?.start(known?.share?.(), (why) => this.endedThreads.push(endedThread(why)));
  }

  async *#files(source: Source, batches: AsyncIterable<LookedBatch>): AsyncGenerator<ScanEvent> {
    for await (const { batch, looked } of batches) {
      const files = looked.values();
      for (const item of batch) {
        if (this.#isEnded) return;
        if (item.type === "notice") yield item;
        else {
          const { value } = files.next();
          if (value) yield* this.#told(source, { kind: "file", path: item.path }, value, value.hits);
        }
      }
    }
  }

  async *#stream(source: Source, stream: SourceStream): AsyncGenerator<ScanEvent> {
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
    const { threads } = this.#queue;
    const progress: ScanProgress = { source: source.name, path, threads, ...this.#done };
    this.#options.onProgress?.(progress);
  }
}

function endedThread(why: string): ScanNotice {
  return notice("thread_ended", "threads", `one ended too early, and the others did its work: ${why}`);
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
