import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { Secret, systemRandomness } from "../../kernel/index.ts";
import type { ScanEvent } from "../finding.ts";
import { KnownKeyIndex } from "../known-key-index.ts";
import { BASE62, BASE64, sample } from "../rules/sample.ts";
import { scan } from "../scan.ts";
import type { ScanOptions, ScanProgress } from "../scan-options.ts";
import type { Source } from "../source.ts";
import { pathsSource } from "../sources/paths.ts";
import { groqKey } from "../sources/sources.testing.ts";
import { LookThreads, startLookWorker } from "./look-threads.ts";
import { type ScanThreads, scanThreads } from "./scan-threads.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-threads-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** No rule knows it: only the vault does. */
const vaultKey = `z${sample(30, BASE62, 5)}-_${sample(17, BASE62, 8)}q`;

function known(): KnownKeyIndex {
  return new KnownKeyIndex([{ key: { name: "mine" }, secret: new Secret(vaultKey) }], systemRandomness);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Threads that are there, and ready, before the files that matter come. */
class EarlyThreads {
  started: LookThreads | undefined;
  readonly #count: number;
  readonly #startWorker: () => Worker;

  constructor(count: number, startWorker: () => Worker = startLookWorker) {
    this.#count = count;
    this.#startWorker = startWorker;
  }

  get threads(): ScanThreads {
    return {
      afterBytes: 0,
      start: (shared, onEnd) => {
        const startWorker = this.#startWorker;
        this.started = new LookThreads({ count: this.#count, known: shared, onEnd, startWorker });
        return this.started;
      },
    };
  }

  /** A file, so that they are started, and a wait. */
  get source(): Source {
    const path = join(root, "first");
    writeFileSync(path, "");
    const ready = () => this.#ready();
    return {
      name: "first",
      async *items() {
        yield { type: "file", path };
        await ready();
      },
    };
  }

  async #ready(): Promise<void> {
    let answer: Promise<unknown> | undefined;
    while (this.#count > 0 && answer === undefined) {
      await turn();
      answer = this.started?.look([]);
    }
    await answer;
  }
}

async function eventsWith(early: EarlyThreads, source: Source, options: Partial<ScanOptions> = {}) {
  return await Array.fromAsync(
    scan({
      sources: [early.source, source],
      randomness: (size) => new Uint8Array(size),
      threads: early.threads,
      ...options,
    }),
  );
}

/** Without the secrets, which are compared by their groups. */
const comparable = (events: readonly ScanEvent[]) =>
  events.map(({ ...event }) => ({ ...event, secret: undefined }));

interface Planted {
  readonly folder: number;
  readonly name: number;
  readonly kind: "plain" | "key" | "vault" | "many" | "binary" | "lock" | "broken" | "packed" | "long";
}

function plant(tree: readonly Planted[]): string {
  const folder = mkdtempSync(join(root, "tree-"));
  for (const [at, file] of tree.entries()) {
    const path = join(folder, `d${file.folder}`, "e", `${file.name}-${at}${ENDING[file.kind] ?? ".txt"}`);
    mkdirSync(dirname(path), { recursive: true });
    if (file.kind === "broken") symlinkSync("nowhere", path);
    else writeFileSync(path, contentOf(file, at));
  }
  return folder;
}

const ENDING: Partial<Record<Planted["kind"], string>> = { lock: ".lock", packed: ".png" };

function contentOf({ kind }: Planted, at: number): string {
  switch (kind) {
    case "key":
      return `a\nk = ${groqKey((at % 7) + 1)}\n`;
    case "vault":
      return `b\n${Buffer.from(`:${vaultKey}:`).toString("base64")}\n${vaultKey}`;
    case "many":
      return Array.from({ length: 510 }, (_, seed) => groqKey(seed + 1)).join("\n");
    case "binary":
      return `\0\0\u0001${groqKey(3)}\0`;
    case "lock":
      return `apiKey: "${sample(40)}"`;
    case "long":
      return `${sample(600_000, BASE64, at)}\n${groqKey(2)}\n`;
    default:
      return "const nothing = 1;\n".repeat(at % 50);
  }
}

test("one thread or several find the same, in the same order, and count the same", async () => {
  const kinds: readonly Planted["kind"][] = [
    "key",
    "vault",
    "many",
    "binary",
    "lock",
    "broken",
    "packed",
    "long",
  ];
  const kind = fc.oneof({ weight: 9, arbitrary: fc.constant("plain" as const) }, fc.constantFrom(...kinds));
  const file = fc.record({ folder: fc.nat(9), name: fc.nat(99), kind });
  let answers = 0;
  const startWorker = () => {
    const worker = startLookWorker();
    worker.addEventListener("message", () => answers++);
    return worker;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 200, maxLength: 400 }), async (tree) => {
      const folder = plant(tree);
      const seen = async (count: number) => {
        const progress: ScanProgress[] = [];
        const index = known();
        const events = await eventsWith(
          new EarlyThreads(count, startWorker),
          pathsSource({ paths: [folder] }),
          {
            known: index,
            // By how many it is done is what differs.
            onProgress: (state) => progress.push({ ...state, threads: 0 }),
          },
        );
        index.close();
        return { events: comparable(events), progress };
      };
      const alone = await seen(0);
      expect(alone.progress.length).toBeGreaterThan(100);
      const answersBefore = answers;
      expect(await seen(1)).toEqual(alone);
      expect(await seen(3)).toEqual(alone);
      // What is asked when they are ready, and more.
      expect(answers - answersBefore).toBeGreaterThan(6);
    }),
    { numRuns: 4 },
  );
});

/** Files, each with a key, as many as asked for. */
function filesWithKeys(count: number): { source: Source; asked: () => number } {
  const folder = mkdtempSync(join(root, "keys-"));
  const paths = Array.from({ length: 200 }, (_, at) => join(folder, `${at}`));
  for (const [at, path] of paths.entries()) writeFileSync(path, `k = ${groqKey(at + 1)}\n`);
  let asked = 0;
  const source: Source = {
    name: "files",
    *items() {
      for (; asked < count; asked++) yield { type: "file", path: paths[asked % paths.length] ?? "" };
    },
  };
  return { source, asked: () => asked };
}

/** A worker of a few words; `data` is what it was sent. */
const workerThat = (does: string) => () =>
  new Worker(`data:text/javascript,${encodeURIComponent(`onmessage = ({ data }) => { ${does} };`)}`);

test.each([
  [
    "fails at its first files",
    "if (data.paths?.length > 0) throw new Error('out of order'); postMessage('known' in data ? 'ready' : { sizes: [], found: [] });",
  ],
  [
    "ends at its first files",
    "if (data.paths?.length > 0) process.exit(3); postMessage('known' in data ? 'ready' : { sizes: [], found: [] });",
  ],
])("when a thread %s nothing is lost, and it is told", async (_how, does) => {
  const { source } = filesWithKeys(500);
  const early = new EarlyThreads(2, workerThat(does));
  const events = await eventsWith(early, source);
  const found = events.filter((event) => event.type === "finding");
  expect(found.map(({ secret }) => secret?.reveal())).toEqual(
    Array.from({ length: 500 }, (_, at) => groqKey((at % 200) + 1)),
  );
  const ended = events.filter((event) => event.type === "notice");
  expect(ended.map(({ reason }) => reason)).toEqual(["thread_ended", "thread_ended"]);
});

test("what waits behind a thread that takes its time is bounded, and a scan that is ended waits for nobody", async () => {
  const { source, asked } = filesWithKeys(1_000_000);
  const silent = workerThat(
    "if ('known' in data || data.paths.length === 0) postMessage('known' in data ? 'ready' : { sizes: [], found: [] });",
  );
  const early = new EarlyThreads(1, silent);
  const controller = new AbortController();
  const all = eventsWith(early, source, { signal: controller.signal });
  for (let before = -1; before !== asked() || before === 0;) {
    before = asked();
    for (let turns = 0; turns < 200; turns++) await turn();
  }
  controller.abort();
  expect(await all).toEqual([]);
  expect(asked()).toBeLessThanOrEqual(64 * 68);
});

test("once a scan has ended its threads have, too", async () => {
  const ends: Promise<unknown>[] = [];
  const early = new EarlyThreads(2, () => {
    const worker = startLookWorker();
    ends.push(new Promise((resolve) => worker.addEventListener("close", resolve)));
    return worker;
  });
  await eventsWith(early, filesWithKeys(300).source);
  expect((await Promise.all(ends)).length).toBe(2);
  expect(early.started?.look([])).toBeUndefined();
});

test("keys of the vault lie once in memory, which is wiped for all threads, and nothing prints them", () => {
  const index = known();
  const { memory, forms } = index.share();
  expect(Buffer.from(memory).toString("latin1")).toContain(vaultKey);
  for (const text of [inspect(index, { depth: 9 }), JSON.stringify(index), JSON.stringify(forms)]) {
    expect(text).not.toContain(vaultKey.slice(2, 12));
    expect(text).not.toContain(Buffer.from(vaultKey.slice(0, 9)).toString("hex"));
  }
  index.close();
  expect(new Uint8Array(memory).every((byte) => byte === 0)).toBeTrue();
});

test("one thread means none besides this one", () => {
  expect(scanThreads(1)).toBeUndefined();
  expect(scanThreads(2)?.afterBytes).toBeGreaterThan(0);
});
