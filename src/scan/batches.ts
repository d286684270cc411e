import type { ScanNotice } from "./notice.ts";
import type { Source, SourceFile, SourceItem, SourceStream } from "./source.ts";

/** Files that are looked at in one go, and what is to be told between them. */
export type Batch = readonly (SourceFile | ScanNotice)[];

/**
 * Enough that what a batch costs by itself (a promise, a turn of the event loop, maybe two messages) is nothing beside
 * its files; few enough that there is something to do for every thread, and that a scan can be ended soon.
 */
const BATCH_ITEMS = 64;

/** The items of a source in their order, with files that follow one another as batches. */
export async function* inBatches(source: Source): AsyncGenerator<Batch | SourceStream> {
  const items = source.items();
  if (Symbol.iterator in items) yield* collected(items);
  else for await (const item of items) yield isStream(item) ? item : [item];
}

function* collected(items: Iterable<SourceItem>): Generator<Batch | SourceStream> {
  let batch: (SourceFile | ScanNotice)[] = [];
  try {
    for (const item of items) {
      if (isStream(item)) {
        yield batch;
        yield item;
        batch = [];
      } else if (batch.push(item) === BATCH_ITEMS) {
        yield batch;
        batch = [];
      }
    }
  } catch (error) {
    // What came before it is told first.
    yield batch;
    throw error;
  }
  yield batch;
}

export function isStream(item: Batch | SourceItem): item is SourceStream {
  return "chunks" in item;
}
