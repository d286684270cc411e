// The same program on PostgreSQL: one gateway alone, and two gateways on two machines' homes that share the store.
import { SQL } from "bun";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { OwnkeyHome, until } from "./support/ownkey.ts";
import { CuttableProxy } from "./support/proxy.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";

const providerKey = `sk-proj-${"p".repeat(40)}`;

let postgres: TestPostgres | undefined;
let unavailable = "";
const homes: OwnkeyHome[] = [];
const { promise: slowly, resolve: answerSlowOnes } = Promise.withResolvers<void>();
const provider = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    if (request.headers.get("authorization") !== `Bearer ${providerKey}`)
      return new Response("{}", { status: 401 });
    if (request.method === "GET") return Response.json({ object: "list", data: [] });
    if ((await request.text()).includes("slowly")) await slowly;
    return Response.json({
      model: "gpt-4.1-mini",
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    });
  },
});

beforeAll(async () => {
  const started = await startPostgres();
  if ("unavailable" in started) unavailable = started.unavailable;
  else postgres = started;
});

afterAll(async () => {
  for (const home of homes) await home.remove();
  await provider.stop(true);
  await postgres?.close();
});

async function homeOn(url: string): Promise<OwnkeyHome> {
  const home = new OwnkeyHome({ OWNKEY_DATABASE_URL: url });
  homes.push(home);
  return home;
}

async function ask(url: string, key: string, content = "hello"): Promise<number> {
  const body = JSON.stringify({ model: "gpt-4.1-mini", messages: [{ role: "user", content }] });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  await answer.text();
  return answer.status;
}

test("a key, a request and its cost, with everything in PostgreSQL", async () => {
  if (!postgres) return console.warn(`skipped: ${unavailable}`);
  const home = await homeOn(await postgres.newDatabase());
  const { ready } = await home.up();
  await home.json(["keys", "add", "openai", "--base-url", `http://127.0.0.1:${provider.port}`, "--stdin"], {
    stdin: providerKey,
  });
  const { key } = await home.json<{ key: string }>(["vk", "create", "--name", "one"]);
  expect(await ask(ready.url, key)).toBe(200);
  const usage = await home.json<{ total: { requests: number; costUsd: string } }>(["usage"]);
  // 10 × $0.40/M + 5 × $1.60/M
  expect(usage.total).toMatchObject({ requests: 1, costUsd: "0.000012" });
  expect((await home.json<{ ok: boolean }>(["audit", "verify"])).ok).toBe(true);
  expect((await home.json<{ store: string }>(["status"])).store).toBe("postgres");
  const looked = await home.run(["doctor", "--json"]);
  expect(JSON.parse(looked.stdout).items.map(({ id }: { id: string }) => id)).toContain("vault.slots");
});

test("who only looks makes no vault in an empty database, and finds the one that another machine has made", async () => {
  if (!postgres) return console.warn(`skipped: ${unavailable}`);
  const url = await postgres.newDatabase();
  const [first, second] = [await homeOn(url), await homeOn(url)];
  const found = async (home: OwnkeyHome) =>
    await home.json<{ store: string; vaultId: string | null; virtualKeys: number }>(["status"]);
  expect(await found(first)).toMatchObject({ store: "postgres", vaultId: null, virtualKeys: 0 });
  const database = new SQL(url);
  expect([...(await database`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)]).toEqual([]);
  await database.close();
  expect(existsSync(first.home)).toBeFalse();

  await first.virtualKey("one");
  await first.json(["slots", "add", "passphrase", "--passphrase-stdin"], {
    stdin: "five words that nobody guesses",
  });
  expect(await found(second)).toMatchObject({ vaultId: (await found(first)).vaultId, virtualKeys: 1 });
});

test("a second machine serves the same keys, and a revocation reaches it by itself", async () => {
  if (!postgres) return console.warn(`skipped: ${unavailable}`);
  const url = await postgres.newDatabase();
  const first = await homeOn(url);
  const { ready } = await first.up();
  await first.json(["keys", "add", "openai", "--base-url", `http://127.0.0.1:${provider.port}`, "--stdin"], {
    stdin: providerKey,
  });
  const passphrase = "five words that nobody guesses";
  await first.json(["slots", "add", "passphrase", "--passphrase-stdin"], { stdin: passphrase });
  const { key } = await first.json<{ key: string }>(["vk", "create", "--name", "shared"]);

  const second = await homeOn(url);
  const other = await second.up();
  expect(await ask(other.ready.url, key)).toBe(503); // locked: this machine has no key file
  await second.json(["unlock", "--passphrase-stdin"], { stdin: passphrase });
  expect(await ask(other.ready.url, key)).toBe(200);

  await first.json(["vk", "revoke", "shared"]);
  expect(await ask(ready.url, key)).toBe(401);
  const deadline = performance.now() + 15_000;
  let status = 200;
  while (status === 200 && performance.now() < deadline) {
    status = await ask(other.ready.url, key);
    await Bun.sleep(20);
  }
  expect(status).toBe(401);
});

test("reports of each machine are about all of them, also after the network was cut", async () => {
  if (!postgres) return console.warn(`skipped: ${unavailable}`);
  const url = await postgres.newDatabase();
  const proxy = new CuttableProxy(Number(new URL(url).port));
  await proxy.open();
  const first = await homeOn(url);
  const { ready } = await first.up();
  await first.json(["keys", "add", "openai", "--base-url", `http://127.0.0.1:${provider.port}`, "--stdin"], {
    stdin: providerKey,
  });
  const passphrase = "five words that nobody guesses";
  await first.json(["slots", "add", "passphrase", "--passphrase-stdin"], { stdin: passphrase });
  const { key } = await first.json<{ key: string }>(["vk", "create", "--name", "shared"]);

  const second = await homeOn(url.replace(/:\d+\//, `:${proxy.port}/`));
  const other = await second.up(["--workers", process.platform === "linux" ? "2" : "1"]);
  await second.json(["unlock", "--passphrase-stdin"], { stdin: passphrase });
  const total = async (home: OwnkeyHome) =>
    (await home.call<{ total: { requests: number; costUsd: string } }>("usage.report", { by: "vk" })).total;
  const listed = async (home: OwnkeyHome) =>
    new Set((await home.requests(1000)).map((row) => row.requestId)).size;

  for (let each = 0; each < 3; each++) expect(await ask(ready.url, key)).toBe(200);
  for (let each = 0; each < 4; each++) expect(await ask(other.ready.url, key)).toBe(200);
  for (const home of [first, second]) {
    await until(async () => (await total(home)).requests === 7, "each sees the requests of both");
    // 7 × (10 × $0.40/M + 5 × $1.60/M)
    expect(await total(home)).toMatchObject({ costUsd: "0.000084" });
    expect(await listed(home)).toBe(7);
  }

  // What is under way when the network is cut ends well, and is recorded; new requests are refused.
  const underWay = Promise.all(
    Array.from({ length: 5 }, async () => await ask(other.ready.url, key, "slowly")),
  );
  await until(
    async () => (await second.requests()).filter(({ state }) => state === "reserved").length === 5,
    "they wait",
  );
  await proxy.cut();
  answerSlowOnes();
  expect(await underWay).toEqual([200, 200, 200, 200, 200]);
  expect((await total(first)).requests).toBe(7);
  await proxy.open();
  for (const home of [first, second]) {
    await until(
      async () => (await total(home).catch(() => undefined))?.requests === 12,
      "what was done meanwhile has come",
      30_000,
    );
    expect(await listed(home)).toBe(12);
  }
  other.kill("SIGTERM");
  await other.exited;
  await proxy.cut();
}, 90_000);
