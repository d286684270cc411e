import type { Batch } from "./batches.ts";
import type { FileLook } from "./file-look.ts";
import type { Looked } from "./stream-reading.ts";
import type { LookThreads } from "./threads/look-threads.ts";

export interface FileQueueOptions {
  readonly look: FileLook;
  /** Called once, when there has been so much to do that more threads pay; `undefined` when there are to be none. */
  readonly startThreads: () => LookThreads | undefined;
  /** For {@link startThreads}, in bytes that were looked at. */
  readonly worthwhileBytes: number;
  /** Ends the look after the file at hand; then files are missing at the end of batches. */
  readonly signal: AbortSignal | undefined;
}

/** A batch and what was found in its files, in their order. */
export interface LookedBatch {
  readonly batch: Batch;
  readonly looked: readonly Looked[];
}

interface Waiting {
  readonly batch: Batch;
  readonly looked: Promise<readonly Looked[]>;
  isDone: boolean;
}

/** To open and close a file takes as long as to look at this much of one. */
const FILE_BYTES = 16 * 1024;
/** While one long file is looked at, so much of what comes behind it may pile up. */
const MOST_WAITING = 64;
/** After so much the event loop gets a turn: for signals, and for answers of threads. */
const TURN_BYTES = 4 * 1024 * 1024;

/**
 * Has batches of files looked at, by this thread and maybe others, and gives what was found in the order in which they
 * came, whoever was first. What waits is bounded.
 */
export class FileQueue {
  readonly #options: FileQueueOptions;
  readonly #waiting: Waiting[] = [];
  readonly #close = () => this.close();
  #threads: LookThreads | undefined;
  #doneBytes = 0;
  #hasAsked = false;
  #isClosed = false;

  constructor(options: FileQueueOptions) {
    this.#options = options;
    options.signal?.addEventListener("abort", this.#close);
  }

  /** Takes a batch; gives those that are done, as far as all before them are. */
  async *add(batch: Batch): AsyncGenerator<LookedBatch> {
    const paths = batch.flatMap((item) => (item.type === "file" ? [item.path] : []));
    const elsewhere = this.#threads?.look(paths);
    // What a thread that ended has left undone is done here.
    const looked = elsewhere?.catch(() => this.#lookHere(paths)) ?? this.#lookHere(paths);
    const waiting: Waiting = { batch, looked, isDone: false };
    this.#waiting.push(waiting);
    const settled = noteWhenDone(waiting);
    if (!elsewhere) await settled;
    while (this.#waiting[0]?.isDone || this.#waiting.length > MOST_WAITING) yield* this.#first();
  }

  /** How many threads have looked at files, this one included. */
  get threads(): number {
    return 1 + (this.#threads?.atWork ?? 0);
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<LookedBatch> {
    while (this.#waiting.length > 0) yield* this.#first();
  }

  /** Nothing is looked at from then on. */
  close(): void {
    this.#isClosed = true;
    this.#options.signal?.removeEventListener("abort", this.#close);
    this.#threads?.close();
  }

  async *#first(): AsyncGenerator<LookedBatch> {
    const first = this.#waiting.shift();
    if (first) yield { batch: first.batch, looked: await first.looked };
  }

  async #lookHere(paths: readonly string[]): Promise<readonly Looked[]> {
    const all: Looked[] = [];
    let turnBytes = 0;
    for (const path of paths) {
      if (this.#isClosed) break;
      const looked = this.#options.look.look(path);
      all.push(looked);
      turnBytes += looked.sizeBytes + FILE_BYTES;
      if (turnBytes < TURN_BYTES) continue;
      this.#note(turnBytes);
      turnBytes = 0;
      await turn();
    }
    this.#note(turnBytes);
    await turn();
    return all;
  }

  #note(doneBytes: number): void {
    this.#doneBytes += doneBytes;
    if (this.#hasAsked || this.#isClosed || this.#doneBytes < this.#options.worthwhileBytes) return;
    this.#hasAsked = true;
    this.#threads = this.#options.startThreads();
  }
}

/** Never rejects: whoever takes the batch gets to know what went wrong. */
async function noteWhenDone(waiting: Waiting): Promise<void> {
  await waiting.looked.catch(() => undefined);
  waiting.isDone = true;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
