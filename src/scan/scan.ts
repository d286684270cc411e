import type { ScanEvent } from "./finding.ts";
import { FindingMaker } from "./finding-maker.ts";
import { Matcher } from "./matcher.ts";
import type { ScanNotice } from "./notice.ts";
import { RULES } from "./rules.ts";
import type { Origin } from "./origin.ts";
import type { ScanOptions, ScanProgress } from "./scan-options.ts";
import { accessOf } from "./settings/readers.ts";
import type { Source, SourceStream } from "./source.ts";
import { StreamReading } from "./stream-reading.ts";
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
      for await (const stream of source.streams()) {
        if (options.signal?.aborted) return;
        if ("type" in stream) yield stream;
        else yield* await run.look(source, stream);
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
  readonly #maker: FindingMaker;
  readonly #done = { streams: 0, sizeBytes: 0, findings: 0 };

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#matcher = new Matcher(options.rules ?? RULES);
    this.#maker = new FindingMaker(options.randomness(GROUP_KEY_BYTES), options.isVirtualKey);
  }

  async look(source: Source, stream: SourceStream): Promise<ScanEvent[]> {
    const { origin } = stream;
    const reading = new StreamReading(stream, this.#matcher, this.#options.known);
    const notices: ScanNotice[] = [];
    try {
      for await (const chunk of stream.chunks()) if (!reading.push(chunk)) break;
    } catch (error) {
      notices.push(unreadable(origin.path, error));
    }
    reading.end();
    const hits = await countedHits(stream, reading.hits);
    const place = hits.length === 0 ? origin : withReaders(origin);
    const findings = hits
      .map((hit) => this.#maker.make(place, hit))
      .filter((finding) => finding !== undefined)
      .filter((finding) => !this.#options.baseline?.accepts(finding));
    this.#report(source, stream, reading.sizeBytes, findings.length);
    return [...findings, ...reading.notices(), ...notices];
  }

  #report(source: Source, { origin }: SourceStream, sizeBytes: number, findings: number): void {
    this.#done.streams++;
    this.#done.sizeBytes += sizeBytes;
    this.#done.findings += findings;
    const progress: ScanProgress = { source: source.name, path: origin.path, ...this.#done };
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
