import { type Log, workerUrl } from "../../kernel/index.ts";
import { type Encoding, traitsOf } from "../bounds/models.ts";
import type { BoundRequest } from "../bounds/request.ts";
import type { Bounded } from "../bounds/result.ts";
import type { TokenizerAnswer, TokenizerCall } from "./tokenizer-worker.ts";

/** A tighter bound of a request's input than its bytes are, where the model's own tokenizer is known. */
export interface Tightener {
  /**
   * Input tokens at the most, fewer than `bounded` has; `undefined` when nothing better is known within the time limit.
   * Never throws, never waits longer. To be asked only when the bytes do not fit: the first question only has the
   * tokenizer loaded, for those after it.
   */
  tightened(request: BoundRequest, bounded: Bounded): Promise<number | undefined>;
  /** Has the tokenizer of a model loaded beforehand; `false` when there is none, or the thread ended meanwhile. */
  prepare(model: string): Promise<boolean>;
  close(): void;
}

export interface TightenerOptions {
  readonly log: Log;
  /** For one question, the wait for others included; default 50. */
  readonly timeLimitMs?: number;
  /** How long a thread is kept that nobody asks; default a minute. It holds a hundred megabytes. */
  readonly keptForMs?: number;
}

const TIME_LIMIT_MS = 50;
const KEPT_FOR_MS = 60_000;
/** After a text that took too long, there is no thread for this long: loading one anew costs more than it saves. */
const PAUSE_MS = 5000;
/** Questions beyond this many would not be answered in time. */
const MOST_WAITING = 4;

export function createTightener(options: TightenerOptions): Tightener {
  const { log, timeLimitMs = TIME_LIMIT_MS, keptForMs = KEPT_FOR_MS } = options;
  const waiting = new Map<number, (inputTokens: number | undefined) => void>();
  const loaded = new Set<Encoding>();
  /** By encoding: who waits for it to be loaded. */
  const loading = new Map<Encoding, ((isLoaded: boolean) => void)[]>();
  let worker: Worker | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let lastId = 0;
  let answers = 0;
  let closed = false;

  const end = () => {
    clearTimeout(idle);
    worker?.terminate();
    worker = undefined;
    loaded.clear();
    const preparing = [...loading.values()].flat();
    loading.clear();
    for (const settle of preparing) settle(false);
    for (const settle of waiting.values()) settle(undefined);
  };
  const rest = () => {
    clearTimeout(idle);
    idle = setTimeout(end, keptForMs).unref();
  };
  const endForAWhile = (why: string) => {
    log.info("budgets.tokenizer_ended", { why });
    end();
    pause ??= setTimeout(() => (pause = undefined), PAUSE_MS).unref();
  };
  const start = (): Worker => {
    const started = new Worker(workerUrl("budgets/tightening/tokenizer-worker"), { name: "tokenizer" });
    // What a thread says that was ended, and maybe replaced, is not heard.
    const current = <Event>(listener: (event: Event) => void) => {
      return (event: Event) => void (worker === started && listener(event));
    };
    started.addEventListener(
      "message",
      current(({ data }: MessageEvent<TokenizerAnswer>) => {
        rest();
        if (data.kind === "loaded") {
          loaded.add(data.encoding);
          for (const settle of loading.get(data.encoding)?.splice(0) ?? []) settle(true);
        } else {
          answers++;
          waiting.get(data.id)?.(data.inputTokens ?? undefined);
        }
      }),
    );
    started.addEventListener(
      "error",
      current(({ message }: ErrorEvent) => endForAWhile(message)),
    );
    started.addEventListener(
      "close",
      current(() => endForAWhile("the thread has ended")),
    );
    // It keeps no process alive.
    started.unref();
    return started;
  };
  const threadFor = (encoding: Encoding): Worker => {
    const thread = (worker ??= start());
    rest();
    if (!loading.has(encoding)) {
      loading.set(encoding, []);
      const call: TokenizerCall = { kind: "load", encoding };
      thread.postMessage(call, []);
    }
    return thread;
  };

  const ask = (thread: Worker, encoding: Encoding, request: BoundRequest, whole: Uint8Array) =>
    new Promise<number | undefined>((resolve) => {
      const id = ++lastId;
      const answersBefore = answers;
      const tooLong = setTimeout(() => {
        // Others were answered meanwhile: it only had to wait. Else the thread is lost in some text.
        if (answers === answersBefore) endForAWhile("a text took too long");
        else waiting.get(id)?.(undefined);
      }, timeLimitMs);
      waiting.set(id, (inputTokens) => {
        clearTimeout(tooLong);
        waiting.delete(id);
        resolve(inputTokens);
      });
      // A copy of its own, as the memory goes along with it. A `Buffer`'s own `slice` would be no copy.
      const body = new Uint8Array(whole);
      const call: TokenizerCall = { kind: "count", id, encoding, request: { ...request, body } };
      thread.postMessage(call, [body.buffer]);
    });

  return {
    async tightened(request, bounded) {
      const encoding = traitsOf(request.model).family?.encoding;
      if (closed || pause !== undefined || encoding === undefined || request.body === null) return undefined;
      const thread = threadFor(encoding);
      if (!loaded.has(encoding) || waiting.size >= MOST_WAITING) return undefined;
      const inputTokens = await ask(thread, encoding, request, request.body);
      return inputTokens !== undefined && inputTokens < bounded.inputTokens ? inputTokens : undefined;
    },
    async prepare(model) {
      const encoding = traitsOf(model).family?.encoding;
      if (closed || pause !== undefined || encoding === undefined) return false;
      threadFor(encoding);
      if (loaded.has(encoding)) return true;
      return new Promise<boolean>((resolve) => loading.get(encoding)?.push(resolve));
    },
    close() {
      closed = true;
      clearTimeout(pause);
      end();
    },
  };
}
