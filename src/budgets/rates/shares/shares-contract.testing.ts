// What several gateways that share limits must do on every engine. Each engine's test file opens stores and runs it.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { RateLimits } from "../../../access/index.ts";
import { AppError, type Clock, silentLog } from "../../../kernel/index.ts";
import type { Store } from "../../../store/index.ts";
import { withTx } from "../../fleet.testing.ts";
import type { Admission } from "../admission.ts";
import { GatewayRates } from "../gateway-rates.ts";
import { request } from "../rates.testing.ts";
import { LEASE_MS } from "./desk.ts";

/** Real time, which a test may move forward for all. */
class MovedClock implements Clock {
  movedMs = 0;
  nowMs = () => Date.now() + this.movedMs;
  monotonicMs = () => performance.now() + this.movedMs;
}

class Node {
  readonly gateway: GatewayRates;
  readonly admissions: Admission[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #looking: Promise<void> = Promise.resolve();

  constructor(store: Store, name: string, clock: Clock) {
    const limits = { list: () => Promise.resolve({ rules: [], damaged: [] }) };
    this.gateway = new GatewayRates({ store, limits, node: name, clock, log: silentLog });
    // What a gateway's timers do, a little faster.
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.gateway.look()).then(() => this.gateway.tick());
    }, 10);
  }

  /** How many of so many requests, one after another, are let through. */
  async admitted(count: number, limits: RateLimits, tokens = 100): Promise<number> {
    let admitted = 0;
    for (let one = 0; one < count; one++) {
      try {
        const admission = await this.gateway.rates.admit(request(limits, { estimatedTokens: tokens }));
        if (admission !== undefined) this.admissions.push(admission);
        admitted++;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "rate_limited") throw error;
      }
    }
    return admitted;
  }

  /** Lets one through, however long it takes until others have given up some of their share: slow machines need longer than a request waits. */
  async admitOne(limits: RateLimits): Promise<void> {
    while ((await this.admitted(1, limits)) === 0) await Bun.sleep(20);
  }

  endAll(): void {
    for (const admission of this.admissions.splice(0)) {
      admission.end(true);
      admission.settle(null);
    }
  }

  /** As after `kill -9`: nothing is given back. */
  async kill(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.gateway.close();
  }
}

function slowed(store: Store, timeMs: number): Store {
  return withTx(store, async (work) => {
    await Bun.sleep(timeMs);
    return await store.tx(work);
  });
}

export function sharesContract(name: string, openDatabase: () => Promise<() => Promise<Store>>): void {
  describe(name, () => {
    let open: () => Promise<Store>;
    let clock: MovedClock;
    const stores: Store[] = [];
    const nodes: Node[] = [];

    beforeEach(async () => {
      open = await openDatabase();
      clock = new MovedClock();
    });

    afterEach(async () => {
      for (const node of nodes.splice(0)) await node.kill();
      for (const store of stores.splice(0)) await store.close();
    });

    /** With a store that takes so long for each transaction. */
    async function start(node: string, slowMs = 0): Promise<Node> {
      const store = await open();
      stores.push(store);
      const started = new Node(slowMs === 0 ? store : slowed(store, slowMs), node, clock);
      nodes.push(started);
      return started;
    }

    /** For all: the nodes, and a store with a clock of its own. */
    async function pass(ms: number): Promise<void> {
      clock.movedMs += ms;
      const [store] = stores;
      if (store?.engine !== "postgres") return;
      await store.run("UPDATE rate_nodes SET until_ms = until_ms - ? WHERE node <> ''", [ms]);
    }

    async function countOf(sql: string): Promise<number> {
      const store = await open();
      stores.push(store);
      return (await store.all(sql)).length;
    }

    test("one alone has the whole limit, and asks the store once for all", async () => {
      const node = await start("node_a");
      expect(await node.admitted(1, { requestsPerMinute: 10 })).toBe(1);
      // No promise any more: nothing is waited for.
      const admission = node.gateway.rates.admit(request({ requestsPerMinute: 10 }));
      expect(admission).not.toBeInstanceOf(Promise);
      expect(await node.admitted(20, { requestsPerMinute: 10 })).toBe(8);
      expect(await countOf("SELECT * FROM rate_shares")).toBe(0);
    });

    test("two together have one limit, however the requests are spread", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { requestsPerMinute: 20, requestsPerDay: 1_000 };
      let admitted = 0;
      for (const node of [a, b, b, b, a, b, a, a]) admitted += await node.admitted(4, limits);
      expect(admitted).toBe(20);
    }, 20_000);

    test("both at once ask for more than there is: together they get all of it and no more", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { requestsPerMinute: 60 };
      const [first, second] = await Promise.all([a.admitted(50, limits), b.admitted(50, limits)]);
      expect(first + second).toBe(60);
    }, 20_000);

    test("what one alone has used is not there for one that comes later", async () => {
      const a = await start("node_a");
      const limits = { requestsPerMinute: 10, tokensPerMinute: 100_000 };
      expect(await a.admitted(7, limits)).toBe(7);
      const b = await start("node_b");
      expect(await b.admitted(10, limits)).toBe(3);
      expect(await a.admitted(10, limits)).toBe(0);
    }, 20_000);

    test("one request at a time, whichever gateway it comes to", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      for (const [node, other] of [
        [a, b],
        [b, a],
        [a, b],
      ] as const) {
        expect(await node.admitted(1, { concurrency: 1 })).toBe(1);
        expect(await other.admitted(1, { concurrency: 1 })).toBe(0);
        node.endAll();
        // Sooner it is not asked for again than whoever was refused was told to come.
        await Bun.sleep(300);
      }
    }, 20_000);

    test("a request that needs the whole limit gets it from the others when they have no use for it", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { tokensPerMinute: 1_000 };
      expect(await a.admitted(1, limits, 10)).toBe(1);
      a.admissions.pop()?.end(false);
      expect(await b.admitted(1, limits, 50_000)).toBe(1);
    }, 20_000);

    test("a refusal says when others will have something again", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { requestsPerMinute: 5 };
      expect(await a.admitted(1, limits)).toBe(1);
      expect(await b.admitted(1, limits)).toBe(1);
      let admitted = 2;
      admitted += await a.admitted(5, limits);
      admitted += await b.admitted(5, limits);
      expect(admitted).toBe(5);
      try {
        await b.gateway.rates.admit(request(limits));
        throw new Error("it was admitted");
      } catch (error) {
        const waitMs = error instanceof AppError ? Number(error.details?.["retryAfterMs"]) : 0;
        expect(waitMs).toBeGreaterThan(40_000);
        expect(waitMs).toBeLessThan(62_000);
      }
    }, 20_000);

    test("one that stops leaves its share and what it has counted", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { requestsPerMinute: 10 };
      expect(await a.admitted(1, limits)).toBe(1);
      expect(await b.admitted(4, limits)).toBe(4);
      await a.stop();
      expect(await b.admitted(10, limits)).toBe(5);
    }, 20_000);

    test("one that died gives its share back after its lease, and what it had counted still counts", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { requestsPerMinute: 10, requestsPerDay: 30 };
      expect(await b.admitted(1, limits)).toBe(1);
      expect(await a.admitted(6, limits)).toBe(6);
      await a.gateway.keep();
      await a.kill();
      expect(await b.admitted(10, limits)).toBeLessThanOrEqual(3);
      await pass(LEASE_MS + 35_000);
      // The minute is over, the day is not.
      expect(await b.admitted(10, limits)).toBe(10);
      await pass(65_000);
      expect(await b.admitted(10, limits)).toBe(10);
      await pass(65_000);
      expect(await b.admitted(10, limits)).toBeLessThanOrEqual(3);
    }, 20_000);

    test("a restart does not begin another minute or day", async () => {
      const limits = { requestsPerMinute: 10, requestsPerDay: 12, tokensPerDay: 100_000 };
      const before = await start("node_a");
      expect(await before.admitted(8, limits)).toBe(8);
      await before.stop();
      const after = await start("node_a");
      expect(await after.admitted(10, limits)).toBe(2);
      await after.stop();
      await pass(65_000);
      const later = await start("node_a");
      expect(await later.admitted(10, limits)).toBe(2);
    }, 20_000);

    test("what one alone had used counts after its crash, also when another came meanwhile", async () => {
      const limits = { requestsPerMinute: 10 };
      const before = await start("node_a");
      expect(await before.admitted(7, limits)).toBe(7);
      await before.gateway.keep();
      await before.kill();
      const b = await start("node_b");
      // Whoever was alone has not said that it is not any more.
      expect(await b.admitted(1, limits)).toBe(0);
      const a = await start("node_a");
      const [first, second] = await Promise.all([a.admitted(1, limits), Bun.sleep(300)]);
      expect(second).toBeUndefined();
      const more = (await b.admitted(10, limits)) + (await a.admitted(10, limits));
      expect(first + more).toBe(3);
    }, 20_000);

    test("one that slept through its lease takes nothing that others have taken over", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      const limits = { requestsPerMinute: 10 };
      expect(await a.admitted(1, limits)).toBe(1);
      expect(await b.admitted(1, limits)).toBe(1);
      await a.kill();
      await a.gateway.keep();
      await pass(LEASE_MS + 1_000);
      expect(await b.admitted(10, limits)).toBe(8);
      expect(await a.admitted(10, limits)).toBe(0);
    }, 20_000);

    test("what was given and is not taken yet is not given once more", async () => {
      const [a, b] = [await start("node_a"), await start("node_b", 100)];
      await a.admitOne({ requestsPerMinute: 100 });
      await b.admitOne({ requestsPerMinute: 100 });
      expect(await countOf("SELECT * FROM rate_shares WHERE node = 'node_a' AND share >= 49")).toBe(1);
    }, 20_000);

    test("who has not heard of a lower limit still gives of it what others want", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      await a.admitOne({ requestsPerDay: 100 });
      await b.admitOne({ requestsPerDay: 100 });
      for (let more = 0; more < 7; more++) await b.admitOne({ requestsPerDay: 10 });
      expect(await b.admitted(3, { requestsPerDay: 10 })).toBeLessThanOrEqual(1);
    }, 20_000);

    test("a limit that is lowered holds for both at once", async () => {
      const [a, b] = [await start("node_a"), await start("node_b")];
      await a.admitOne({ requestsPerMinute: 100 });
      await b.admitOne({ requestsPerMinute: 100 });
      const limits = { requestsPerMinute: 10 };
      const [first, second] = await Promise.all([a.admitted(20, limits), b.admitted(20, limits)]);
      expect(first + second).toBeLessThanOrEqual(8);
      expect(first + second).toBeGreaterThanOrEqual(7);
    }, 20_000);
  });
}
