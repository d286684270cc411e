/** Rate limits as people set them and callers meet them: real processes, one and several of them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp, until } from "./support/ownkey.ts";

interface Limits {
  readonly subject: string;
  readonly rateLimits: Record<string, number | null>;
}

const body = JSON.stringify({ model: "gpt-4.1-mini", messages: [{ role: "user", content: "hello" }] });
let served = 0;
/** What the provider tells of its limits. */
let told: Record<string, string> = {};
const provider = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    await request.text();
    served++;
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    return Response.json({ model: "gpt-4.1-mini", choices: [], usage }, { headers: told });
  },
});
const homes: OwnkeyHome[] = [];
let home: OwnkeyHome;
let up: RunningUp;

beforeAll(async () => {
  home = newHome();
  up = await home.up();
  await home.addKey(
    "openai",
    newKey.openai(),
    "--base-url",
    `http://127.0.0.1:${provider.port}`,
    "--no-test",
  );
}, 30_000);

afterAll(async () => {
  for (const each of homes) await each.remove();
  await provider.stop(true);
});

function newHome(): OwnkeyHome {
  const made = new OwnkeyHome();
  homes.push(made);
  return made;
}

async function ask(token: string, url = up.ready.url): Promise<Response> {
  return await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
    body,
    keepalive: false,
  });
}

async function statuses(token: string, count: number, url = up.ready.url): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(token, url)));
  return answers.map(({ status }) => status).sort((a, b) => a - b);
}

test("limits are set for any subject, shown, changed one by one, and removed", async () => {
  await home.virtualKey("laptop", "--rpm", "60");
  const set = async (...args: string[]) => await home.json<Limits>(["limits", "set", ...args]);
  expect((await set("user:ada", "--rpm", "30", "--tpm", "100k")).rateLimits).toMatchObject({
    requestsPerMinute: 30,
    tokensPerMinute: 100_000,
    concurrency: null,
  });
  expect((await set("user:ada", "--rpm", "none", "--concurrency", "3")).rateLimits).toMatchObject({
    requestsPerMinute: null,
    tokensPerMinute: 100_000,
    concurrency: 3,
  });
  await set("connection:openai", "--rpd", "10k");
  await set("vk:laptop", "--tpd", "1m");
  const { stdout } = await home.run(["limits", "list"]);
  expect(stdout.split("\n").map((line) => line.trimEnd())).toEqual([
    "SUBJECT            LIMITS",
    "connection:openai  10000 requests/day",
    "user:ada           100000 tokens/min, 3 at once",
    "vk:laptop          60 requests/min, 1000000 tokens/day",
    "",
  ]);
  for (const subject of ["connection:openai", "user:ada", "laptop"]) {
    await home.json(["limits", "remove", subject]);
  }
  expect((await home.json<{ items: Limits[] }>(["limits", "list"])).items).toEqual([]);
  expect((await home.run(["limits", "show", "laptop"])).code).toBe(3);
  expect((await home.run(["limits", "set", "user:ada"])).code).toBe(2);
  expect((await home.run(["limits", "set", "user:ada", "--rpm", "0"])).code).toBe(2);
}, 60_000);

test("a limit counts for the next request, is told by its name, and ends with its removal", async () => {
  const token = await home.virtualKey("ada", "--user", "ada");
  expect(await statuses(token, 3)).toEqual([200, 200, 200]);
  await home.json(["limits", "set", "user:ada", "--rpm", "2"]);
  expect(await statuses(token, 3)).toEqual([200, 200, 429]);
  const refused = await ask(token);
  expect(Number(refused.headers.get("retry-after"))).toBeWithin(55, 62);
  expect(await refused.json()).toMatchObject({
    error: { code: "rate_limited", details: { subject: "user:ada", most: 2, limit: "requestsPerMinute" } },
  });
  await home.json(["limits", "set", "connection:openai", "--concurrency", "1"]);
  await home.json(["limits", "set", "user:ada", "--rpm", "none", "--tpd", "1m"]);
  expect((await ask(token)).status).toBe(200);
  await home.json(["limits", "remove", "connection:openai"]);
  await home.json(["limits", "remove", "user:ada"]);
  expect(await statuses(token, 3)).toEqual([200, 200, 200]);
}, 60_000);

test("a restart, and a crash, do not begin another minute", async () => {
  const own = newHome();
  const first = await own.up();
  await own.addKey("openai", newKey.openai(), "--base-url", `http://127.0.0.1:${provider.port}`, "--no-test");
  const token = await own.virtualKey("counted", "--rpm", "6");
  expect(await statuses(token, 4, first.ready.url)).toEqual([200, 200, 200, 200]);
  first.kill("SIGTERM");
  await first.exited;
  const second = await own.up();
  expect(await statuses(token, 1, second.ready.url)).toEqual([200]);
  // Counts are written every two seconds.
  await Bun.sleep(2_500);
  second.kill("SIGKILL");
  await second.exited;
  const third = await own.up();
  expect(await statuses(token, 3, third.ready.url)).toEqual([200, 429, 429]);
}, 60_000);

test.if(process.platform === "linux")(
  "several processes of one program have one limit",
  async () => {
    const own = newHome();
    const running = await own.up(["--workers", "2"]);
    await own.addKey(
      "openai",
      newKey.openai(),
      "--base-url",
      `http://127.0.0.1:${provider.port}`,
      "--no-test",
    );
    const token = await own.virtualKey("shared", "--rpm", "40");
    served = 0;
    let ok = 0;
    // As SDKs do: whoever is told to come again in a second does.
    await until(async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(token, running.ready.url)));
      ok += answers.filter(({ status }) => status === 200).length;
      return answers.every(({ status, headers }) => status === 429 && Number(headers.get("retry-after")) > 5)
        ? true
        : undefined;
    }, "the limit is used up");
    expect(ok).toBe(40);
    expect(served).toBe(40);
  },
  60_000,
);

test("keys show tells what the provider has left, live and from before the last start", async () => {
  interface Shown {
    readonly providerRates: readonly {
      model: string;
      limits: readonly object[];
      pausedUntil: string | null;
    }[];
  }
  const token = await home.virtualKey("watched");
  told = {
    "x-ratelimit-limit-requests": "5000",
    "x-ratelimit-remaining-requests": "4999",
    "x-ratelimit-reset-requests": "12ms",
  };
  expect((await ask(token)).status).toBe(200);
  const { providerRates } = await home.json<Shown>(["keys", "show", "openai"]);
  expect(providerRates).toMatchObject([
    {
      model: "gpt-4.1-mini",
      limits: [{ name: "requests", limit: 5000, remaining: 4999 }],
      pausedUntil: null,
    },
  ]);
  told = { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h" };
  expect((await ask(token)).status).toBe(200);
  const refused = await ask(token);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "300"]);
  expect((await home.run(["keys", "show", "openai"])).stdout).toMatch(
    /gpt-4\.1-mini +0 of \? tokens, nothing is sent until \d\d:\d\d:\d\d/,
  );
  up.kill("SIGTERM");
  await up.exited;
  const later = await home.json<Shown>(["keys", "show", "openai"]);
  expect(later.providerRates).toMatchObject([
    { model: "gpt-4.1-mini", limits: [{ name: "tokens", remaining: 0 }] },
  ]);
}, 60_000);
