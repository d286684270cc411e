// Several gateways on one store, in any order of requests, looks, ends, stops, crashes and naps: together they never go
// beyond a limit, and when all is quiet one of them can use all of it.
import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, silentLog } from "../../../kernel/index.ts";
import { openSqliteStore, type Store } from "../../../store/index.ts";
import type { Admission } from "../admission.ts";
import { GatewayRates } from "../gateway-rates.ts";
import { request, TestClock } from "../rates.testing.ts";
import { LEASE_MS } from "./desk.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-rates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NODES = 3;
const LIMITS = { requestsPerMinute: 9, tokensPerMinute: 700, concurrency: 4 };

const LOOK_EVERY_MS = 5_000;

interface Taken {
  readonly node: number;
  readonly atMs: number;
  tokens: number;
}

/** What all gateways have let through, as somebody sees it who sees all of them. */
class World {
  readonly clock = new TestClock();
  readonly taken: Taken[] = [];
  readonly running: { node: number; admission: Admission; taken: Taken }[] = [];
  readonly #stores: (Store | undefined)[] = [];
  readonly #gateways: (GatewayRates | undefined)[] = [];
  readonly #path: string;
  readonly #unknown = new Set<number>();

  constructor(path: string) {
    this.#path = path;
  }

  async #gateway(node: number): Promise<GatewayRates> {
    const known = this.#gateways[node];
    if (known !== undefined) return known;
    const store = await openSqliteStore({ path: this.#path, mode: "inline", clock: this.clock });
    const gateway = new GatewayRates({
      store,
      limits: { list: () => Promise.resolve({ rules: [], damaged: [] }) },
      node: `node_${node}`,
      clock: this.clock,
      log: silentLog,
      pause: (ms) => this.pass(ms),
    });
    this.#stores[node] = store;
    this.#gateways[node] = gateway;
    return gateway;
  }

  /** Everybody who lives looks, as their timers make them. */
  async pass(ms: number, asleep?: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= LOOK_EVERY_MS) {
      this.clock.pass(Math.min(leftMs, LOOK_EVERY_MS));
      for (const [node, gateway] of this.#gateways.entries()) {
        if (gateway === undefined || node === asleep) continue;
        await gateway.look();
        gateway.tick();
      }
    }
  }

  /** A process that is stopped for a while. After its lease the others do not know of what it has under way. */
  async nap(node: number, ms: number): Promise<void> {
    await this.#gateways[node]?.keep();
    await this.pass(ms, node);
    if (ms >= LEASE_MS - LOOK_EVERY_MS) this.#unknown.add(node);
  }

  /** Gives whether it was let through. */
  async ask(node: number, tokens: number): Promise<boolean> {
    const gateway = await this.#gateway(node);
    try {
      const admission = await gateway.rates.admit(request(LIMITS, { estimatedTokens: tokens }));
      if (admission === undefined) throw new Error("it was not counted");
      const taken = { node, atMs: this.clock.passedMs, tokens: Math.min(tokens, LIMITS.tokensPerMinute) };
      this.taken.push(taken);
      this.running.push({ node, admission, taken });
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === "rate_limited") return false;
      throw error;
    }
  }

  end(which: number, part: number): void {
    const [one] = this.running.splice(which % Math.max(1, this.running.length), 1);
    if (one === undefined) return;
    one.admission.end(true);
    one.taken.tokens = Math.floor(one.taken.tokens * part);
    one.admission.settle(one.taken.tokens);
  }

  /** With what it had written of its counts, which is all but the last moment. */
  async crash(node: number): Promise<void> {
    await this.#gateways[node]?.keep();
    await this.#forget(node);
  }

  async stop(node: number): Promise<void> {
    // A graceful stop waits for what is under way.
    for (let at = this.running.length - 1; at >= 0; at--)
      if (this.running[at]?.node === node) this.end(at, 1);
    await this.#gateways[node]?.close();
    await this.#forget(node);
  }

  async close(): Promise<void> {
    for (let node = 0; node < NODES; node++) await this.#forget(node);
  }

  check(): void {
    const minute = this.taken.filter(({ atMs }) => atMs > this.clock.passedMs - 60_000);
    expect(minute.length).toBeLessThanOrEqual(LIMITS.requestsPerMinute);
    expect(minute.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(LIMITS.tokensPerMinute);
    const known = this.running.filter(({ node }) => !this.#unknown.has(node));
    expect(known.length).toBeLessThanOrEqual(LIMITS.concurrency);
  }

  async #forget(node: number): Promise<void> {
    for (let at = this.running.length - 1; at >= 0; at--) {
      if (this.running[at]?.node === node) this.running.splice(at, 1);
    }
    await this.#stores[node]?.close();
    this.#stores[node] = undefined;
    this.#unknown.delete(node);
    this.#gateways[node] = undefined;
  }
}

const step = fc.record({
  kind: fc.constantFrom("ask", "ask", "ask", "ask", "end", "end", "pass", "nap", "crash", "stop"),
  node: fc.nat(NODES - 1),
  tokens: fc.integer({ min: 0, max: 300 }),
  which: fc.nat(20),
  ms: fc.oneof(fc.nat(2_000), fc.nat(2_000), fc.integer({ min: 20_000, max: 70_000 })),
});

let worlds = 0;

test("whatever happens, all gateways together keep to each limit, and at rest one can use all of it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const world = new World(join(folder, `${++worlds}.db`));
      try {
        for (const { kind, node, tokens, which, ms } of steps) {
          if (kind === "ask") await world.ask(node, tokens);
          else if (kind === "end") world.end(which, (which % 5) / 4);
          else if (kind === "pass") await world.pass(ms);
          else if (kind === "nap") await world.nap(node, ms);
          else if (kind === "crash") await world.crash(node);
          else await world.stop(node);
          world.check();
        }
        while (world.running.length > 0) world.end(0, 1);
        await world.pass(150_000);
        let admitted = 0;
        for (let asked = 0; asked < LIMITS.requestsPerMinute; asked++) {
          if (await world.ask(0, 10)) admitted++;
          world.end(0, 1);
          world.check();
          await world.pass(300);
        }
        expect(admitted).toBe(LIMITS.requestsPerMinute);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
