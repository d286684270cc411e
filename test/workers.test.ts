/** `up --workers N`: several gateway processes on one port, one program that holds vault and control socket. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RequestRow, type RunningUp, until } from "./support/ownkey.ts";
import { ownkeyCommand } from "./support/program.ts";

interface Gateway {
  readonly instance: string | null;
  readonly pid: number | null;
  readonly state: string;
  readonly restarts: number;
}

const linux = process.platform === "linux";
const key = newKey.openai();
const body = JSON.stringify({ model: "gpt-4.1-mini", messages: [{ role: "user", content: "hello" }] });
const ANSWER_AFTER_MS = 5;

/** Requests that reached the provider. */
let served = 0;
const provider = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    if (request.method === "GET") return Response.json({ object: "list", data: [] });
    await request.text();
    served++;
    await Bun.sleep(ANSWER_AFTER_MS);
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    return Response.json({ model: "gpt-4.1-mini", choices: [], usage });
  },
});
const homes: OwnkeyHome[] = [];

let home: OwnkeyHome;
let up: RunningUp;
let virtualKey: string;

beforeAll(async () => {
  if (!linux) return;
  home = newHome();
  up = await home.up(["--workers", "2"]);
  await home.addKey("openai", key, "--base-url", `http://127.0.0.1:${provider.port}`, "--no-test");
  virtualKey = await home.virtualKey("load");
}, 30_000);

afterAll(async () => {
  for (const each of homes) await each.remove();
  await provider.stop(true);
});

afterEach(() => {
  served = 0;
});

function newHome(): OwnkeyHome {
  const made = new OwnkeyHome();
  homes.push(made);
  return made;
}

/** On a connection of its own, which any of the processes may get. `undefined` when the connection broke. */
async function ask(token = virtualKey, url = up.ready.url): Promise<number | undefined> {
  try {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
      body,
      keepalive: false,
    });
    await answer.text();
    return answer.status;
  } catch {
    return undefined;
  }
}

async function statuses(token = virtualKey, times = 16): Promise<Set<number | undefined>> {
  return new Set(await Promise.all(Array.from({ length: times }, () => ask(token))));
}

async function gateways(of = home): Promise<Gateway[]> {
  return (await of.call<{ gateways: Gateway[] }>("program.status")).gateways;
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test.skipIf(!linux)(
  "requests spread over the processes, and reports and metrics see all of them",
  async () => {
    expect(await statuses(virtualKey, 40)).toEqual(new Set([200]));
    const found = await gateways();
    expect(found).toMatchObject([
      { instance: "node-1", state: "ready" },
      { instance: "node-2", state: "ready" },
    ]);
    expect(found.map(({ pid }) => pid)).not.toContain(up.ready.pid);
    const metrics = await (await fetch(`${up.ready.ui}/metrics`)).text();
    expect(metrics).toContain('ownkey_gateway_answers_total{status="2xx"} 40');
    expect(metrics).toContain("ownkey_gateway_processes 2");
    const { total } = await home.json<{ total: { requests: number; costUsd: string } }>(["usage"]);
    // 40 × (10 × $0.40/M + 5 × $1.60/M)
    expect(total).toMatchObject({ requests: 40, costUsd: "0.00048" });
    // What each of them has spent of a budget is there when it is asked for.
    await home.json(["budget", "set", "vk:load", "20usd/month"]);
    expect(await statuses(virtualKey, 40)).toEqual(new Set([200]));
    const budgets = await home.json<{ items: { spentUsd: string }[] }>(["budget", "list"]);
    expect(budgets.items).toMatchObject([{ spentUsd: "0.00048" }]);
    await home.json(["budget", "remove", "vk:load"]);
    expect((await fetch(`${up.ready.ui}/readyz`)).status).toBe(200);
    // The kernel spreads connections by chance: that one process got none of 40 happens once in 10¹¹ runs.
    expect(await ledgersWithRows()).toBe(2);
  },
);

async function ledgersWithRows(): Promise<number> {
  const { Database } = await import("bun:sqlite");
  const counts = ["node-1", "node-2"].map((instance) => {
    using ledger = new Database(`${home.home}/ledger/${instance}.db`, { readonly: true });
    return ledger.query<{ n: number }, []>("SELECT count(*) AS n FROM attempts").get()?.n ?? 0;
  });
  return counts.filter((count) => count > 0).length;
}

test.skipIf(!linux)("a revocation counts for the next request, whichever process gets it", async () => {
  const token = await home.virtualKey("short-lived");
  expect(await statuses(token)).toEqual(new Set([200]));
  await home.json(["vk", "revoke", "short-lived"]);
  expect(await statuses(token)).toEqual(new Set([401]));
  const other = await home.virtualKey("switched");
  await home.json(["vk", "set", "switched", "--models", "other-*"]);
  expect(await statuses(other)).toEqual(new Set([403]));
});

test.skipIf(!linux)(
  "a lock ends lending in every process before it is answered, and an unlock begins it",
  async () => {
    expect(await statuses()).toEqual(new Set([200]));
    for (let round = 0; round < 3; round++) {
      await home.call("vault.lock");
      expect(await statuses()).toEqual(new Set([503]));
      expect((await fetch(`${up.ready.ui}/readyz`)).status).toBe(503);
      await home.call("vault.unlock");
      expect(await statuses()).toEqual(new Set([200]));
    }
  },
);

test.skipIf(!linux)(
  "new keys of the vault reach the processes with the change that made them",
  async () => {
    const passphrase = "five words that nobody guesses";
    await home.json(["slots", "add", "passphrase", "--passphrase-stdin"], { stdin: passphrase });
    const { items } = await home.json<{ items: { id: string; kind: string }[] }>(["slots", "list"]);
    await home.json(["slots", "remove", items.find(({ kind }) => kind === "passphrase")?.id ?? ""]);
    // A version that was sealed under the new key, and that no process has borrowed yet.
    await home.json(["keys", "replace", "openai/main", "--stdin", "--no-test"], { stdin: newKey.openai() });
    expect(await statuses()).toEqual(new Set([200]));
  },
  20_000,
);

test.skipIf(!linux)(
  "the token of a run is good at every process, and nowhere once it has ended",
  async () => {
    const child = Bun.spawn(
      [...(await ownkeyCommand()), "run", "--", "sh", "-c", 'echo "$OPENAI_API_KEY"; exec sleep 60'],
      {
        env: { PATH: process.env["PATH"] ?? "", HOME: home.folder, OWNKEY_HOME: home.home },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
      },
    );
    const { value } = await child.stdout.getReader().read();
    const token = new TextDecoder().decode(value).trim();
    expect(await statuses(token)).toEqual(new Set([200]));
    child.kill("SIGKILL");
    await child.exited;
    await until(async () => !(await statuses(token)).has(200), "the token is refused everywhere");
    expect(await statuses(token)).toEqual(new Set([401]));
  },
  20_000,
);

test.skipIf(!linux)(
  "a process killed under load is replaced; its requests are in the ledger, once each",
  async () => {
    const before = new Set((await home.requests(1000)).map(({ requestId }) => requestId));
    const victim = (await gateways())[0]?.pid ?? 0;
    const over = new AbortController();
    let good = 0;
    const clients = Array.from({ length: 24 }, async () => {
      while (!over.signal.aborted) if ((await ask()) === 200) good++;
    });
    await until(() => good > 50, "some requests are answered");
    process.kill(victim, "SIGKILL");
    await until(async () => {
      const found = await gateways();
      return found.every(({ state }) => state === "ready") && found.some(({ restarts }) => restarts > 0);
    }, "the process is replaced");
    const goodThen = good;
    await until(() => good > goodThen + 50, "both serve again");
    over.abort();
    await Promise.all(clients);

    const rows = await until(async () => {
      const found = await newRows(before);
      return found.every(({ state }) => state !== "reserved") && found;
    }, "everything is settled");
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(rows.length);
    // An answer may have been out when its settlement was not yet written: such a request is settled as a crash.
    const answered = rows.filter(({ status, end }) => status === 200 || end === "crash");
    expect(answered.length).toBeGreaterThanOrEqual(good);
    // Each request that reached the provider was reserved before.
    expect(rows.length).toBeGreaterThanOrEqual(served);
    const killed = rows.filter(({ end }) => end === "crash");
    expect(
      killed.every(({ state, costUsd, reservedUsd }) => state === "estimated" && costUsd === reservedUsd),
    ).toBe(true);
    expect(isRunning(victim)).toBe(false);
  },
  60_000,
);

async function newRows(before: ReadonlySet<string>): Promise<RequestRow[]> {
  const rows: RequestRow[] = [];
  for (let last: string | undefined; ;) {
    const { items } = await home.call<{ items: RequestRow[] }>("requests.list", {
      limit: 1000,
      ...(last === undefined ? {} : { before: last }),
    });
    rows.push(...items.filter(({ requestId }) => !before.has(requestId)));
    if (items.length < 1000) return rows;
    last = items.at(-1)?.requestId;
  }
}

test.skipIf(!linux)(
  "a port that another home's processes share is taken",
  async () => {
    const port = new URL(up.ready.url).port;
    const other = newHome();
    const { code, stderr } = await other.run(["up", "--port", port, "--ui-port", "0", "--workers", "2"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`another Ownkey, of another home, listens on 127.0.0.1:${port}`);
  },
  20_000,
);

test.skipIf(!linux)(
  "told to stop, the program ends its processes; killed, it takes them with it",
  async () => {
    const other = newHome();
    const first = await other.up(["--workers", "2"]);
    const pids = (await gateways(other)).map(({ pid }) => pid ?? 0);
    expect(pids.every(isRunning)).toBe(true);
    first.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(pids.some(isRunning)).toBe(false);

    const second = await other.up(["--workers", "2"]);
    const orphans = (await gateways(other)).map(({ pid }) => pid ?? 0);
    second.kill("SIGKILL");
    await second.exited;
    await until(() => !orphans.some(isRunning), "the processes end with the program");
  },
  30_000,
);

test("one process is what it was: the gateway is the program itself", async () => {
  const other = newHome();
  const { ready } = await other.up();
  expect(await gateways(other)).toEqual([
    { instance: "node-1", pid: ready.pid, state: "ready", inFlight: 0, restarts: 0 } as Gateway,
  ]);
}, 20_000);

test("where no port can be shared, it says so", async () => {
  const { readConfig } = await import("../src/config.ts");
  const config = { ...readConfig({ environment: {} }), platform: "darwin" as const, workers: 2 };
  const { startWorkers } = await import("../src/program/workers/worker-pool.ts");
  const starting = startWorkers({ config } as unknown as Parameters<typeof startWorkers>[0]);
  expect(starting).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("Linux") });
});

test.skipIf(!linux)(
  "a hard budget holds over all processes, and is used to its end",
  async () => {
    // Each request costs 10 × $0.40/M + 5 × $1.60/M = $0.000012, and may cost more before its answer is known.
    const token = await home.virtualKey("poor", "--budget", "0.002usd/day");
    let [good, refused] = [0, 0];
    const clients = Array.from({ length: 16 }, async () => {
      for (let each = 0; each < 40; each++) {
        const status = await ask(token);
        if (status === 200) good++;
        if (status === 402) refused++;
      }
    });
    await Promise.all(clients);
    expect(good + refused).toBe(640);
    // What is left is less than the most that so many requests at once may cost.
    expect(good).toBeGreaterThan(100);
    const { items } = await home.json<{
      items: { key: string; label: string; costUsd: string; requests: number }[];
    }>(["usage", "--by", "vk"]);
    const spent = items.find(({ label }) => label === "poor");
    expect(spent?.requests).toBe(good);
    expect(Number(spent?.costUsd)).toBeLessThanOrEqual(0.002);
  },
  60_000,
);

test.skipIf(!linux)(
  "a limit of requests holds over all processes",
  async () => {
    const token = await home.virtualKey("slow", "--rpm", "20");
    const got = await Promise.all(Array.from({ length: 80 }, () => ask(token)));
    const good = got.filter((status) => status === 200).length;
    expect(got.every((status) => status === 200 || status === 429)).toBe(true);
    expect(good).toBeLessThanOrEqual(20);
    expect(good).toBeGreaterThan(10);
  },
  30_000,
);
