// Uses an ownkey command as a new user would: up, a key, a virtual key, one request through the gateway, usage, a scan by
// several threads.
// Usage: smoke.ts COMMAND [ARG…]. The provider is a small server in this process.
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [program = "", ...programArgs] = process.argv.slice(2);
const command = [program.includes("/") ? resolve(program) : program, ...programArgs];
const folder = mkdtempSync(join(tmpdir(), "ownkey-smoke-"));
const environment = { PATH: process.env["PATH"] ?? "", HOME: folder, OWNKEY_HOME: join(folder, "home") };
/** Where the commands are run: what lies there must have no say. */
const theirs = join(folder, "theirs");
mkdirSync(theirs);
writeFileSync(join(theirs, "bunfig.toml"), 'preload = ["./theirs.ts"]\n');
writeFileSync(join(theirs, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./theirs.ts"]}}}');
writeFileSync(join(theirs, ".env"), "OWNKEY_PORT=1\n");
writeFileSync(join(theirs, "theirs.ts"), 'require("node:fs").writeFileSync("witness", "");\n');
const providerKey = `sk-${"proj"}-${"smoke".repeat(10)}`;

const provider = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    if (request.headers.get("authorization") !== `Bearer ${providerKey}`) {
      return Response.json(
        { error: { code: "invalid_api_key", type: "invalid_request_error", message: "no" } },
        { status: 401 },
      );
    }
    if (new URL(request.url).pathname === "/v1/models") return Response.json({ object: "list", data: [] });
    await request.text();
    return Response.json({
      id: "chatcmpl-1",
      object: "chat.completion",
      model: "gpt-4.1-mini",
      choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 },
    });
  },
});

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`smoke: ${what}`);
  console.log(`ok: ${what}`);
}

async function run(args: string[], stdin = ""): Promise<{ out: string; code: number }> {
  const child = Bun.spawn([...command, ...args], {
    cwd: theirs,
    env: environment,
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  if (error.includes(providerKey) || out.includes(providerKey))
    throw new Error("smoke: the provider key was printed");
  if (code !== 0 && error !== "") console.error(error);
  return { out, code };
}

/** Enough for threads to be started, and for them to have something left to do. */
async function scanByThreads(): Promise<void> {
  const tree = join(folder, "tree");
  mkdirSync(tree);
  const line = "a line of text in which there is nothing to be found, however long one looks\n";
  writeFileSync(join(tree, "0"), line.repeat((4 * 1024 * 1024) / line.length));
  // One file by many names takes no room.
  for (let name = 1; name < 320; name++) linkSync(join(tree, "0"), join(tree, String(name)));
  writeFileSync(join(tree, "z"), `key = "${providerKey}"\n`);
  const { out, code } = await run(["scan", tree, "--threads", "2", "--json"]);
  const found = JSON.parse(out) as {
    items: { path: string }[];
    notices: { reason: string }[];
    threads: number;
    streams: number;
  };
  expect(code === 7 && found.items[0]?.path === join(tree, "z"), "a scan finds the key in the last file");
  expect(found.streams === 321 && found.notices.length === 0, "every file was looked at");
  expect(found.threads === 2, "by two threads");
}

const up = Bun.spawn([...command, "up", "--port", "0", "--json"], {
  cwd: theirs,
  env: environment,
  stdout: "pipe",
  stderr: "inherit",
});
try {
  const reader = up.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  const ready = JSON.parse(text.split("\n")[0] ?? "") as { event: string; url: string; startMs: number };
  expect(ready.event === "ready", `up is ready after ${ready.startMs} ms`);

  const base = `http://127.0.0.1:${provider.port}`;
  expect(
    (await run(["keys", "add", "openai", "--base-url", base, "--stdin"], `${providerKey}\n`)).code === 0,
    "keys add",
  );
  const made = JSON.parse((await run(["vk", "create", "--name", "smoke", "--json"])).out) as { key: string };
  expect(made.key.startsWith("sk-ownkey-"), "vk create");

  const answer = await fetch(`${ready.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${made.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4.1-mini", messages: [{ role: "user", content: "hello" }] }),
  });
  expect(answer.status === 200 && (await answer.text()).includes("hello"), "a request through the gateway");

  const usage = JSON.parse((await run(["usage", "--json"])).out) as {
    total: { requests: number; costUsd: string };
  };
  // gpt-4.1-mini: 1000 × $0.40/M + 100 × $1.60/M
  expect(
    usage.total.requests === 1 && usage.total.costUsd === "0.00056",
    `usage counts it: $${usage.total.costUsd}`,
  );
  expect((await run(["audit", "verify"])).code === 0, "audit verify");
  await scanByThreads();
  expect((await run(["down"])).code === 0, "down");
  expect((await up.exited) === 0, "up ends with 0");
  expect(!existsSync(join(theirs, "witness")), "nothing of the folder's was run");
} finally {
  up.kill("SIGKILL");
  await provider.stop(true);
  rmSync(folder, { recursive: true, force: true });
}
