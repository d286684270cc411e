/** The first start makes one vault, whoever comes first; later starts open it or say what is missing. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomText } from "./support/keys.ts";
import { OwnkeyHome } from "./support/ownkey.ts";

let home: OwnkeyHome;

beforeEach(() => {
  home = new OwnkeyHome();
});

afterEach(() => home.remove());

function unlockKeys(): string[] {
  return readdirSync(home.home).filter((name) => /^unlock-.*\.key$/.test(name));
}

interface Status {
  readonly vaultId: string;
  readonly running: boolean;
  readonly locked: boolean;
  readonly virtualKeys: number;
}

test("several programs at once on a home that is not there yet: all succeed, on one vault with one key", async () => {
  const names = ["a", "b", "c", "d"];
  const [first, second, ...made] = await Promise.all([
    home.up(),
    home.up(),
    ...names.map((name) => home.json<{ name: string }>(["vk", "create", "--name", name])),
  ]);
  expect(first.ready.pid).toBe(second.ready.pid);
  expect(made.map(({ name }) => name)).toEqual(names);
  expect(await home.json<Status>(["status"])).toMatchObject({ running: true, locked: false, virtualKeys: 4 });
  expect(unlockKeys()).toHaveLength(1);
  expect(await home.json(["audit", "verify"])).toMatchObject({ ok: true });
});

test("everything in the home is the owner's alone", async () => {
  await home.up();
  await home.virtualKey("any");
  const open = readdirSync(home.home, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(open).toEqual([]);
  expect(statSync(home.home).mode & 0o777).toBe(0o700);
});

test("without its unlock key the vault stays closed: exit 4, and nothing new is made", async () => {
  await home.virtualKey("any");
  const { vaultId } = await home.json<Status>(["status"]);
  for (const name of unlockKeys()) rmSync(join(home.home, name));
  for (const args of [
    ["vk", "create", "--name", "other"],
    ["up", "--port", "0"],
  ]) {
    const { code, stderr } = await home.run([...args, "--json"]);
    expect({ args, code }).toEqual({ args, code: 4 });
    expect(
      (JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as { error: { hint: string } }).error.hint,
    ).not.toBe("");
  }
  expect(unlockKeys()).toEqual([]);
  expect(await home.run(["status", "--json"])).toMatchObject({
    stdout: expect.not.stringContaining(`"locked": false`),
  });
  expect(vaultId).toStartWith("vault_");
});

test("a passphrase alone: `up` starts locked and says so, a passphrase file unlocks it, a wrong one ends with exit 4", async () => {
  const passphrase = `correct horse ${randomText(10)}`;
  await home.json(["slots", "add", "passphrase", "--stdin"], { stdin: passphrase });
  const { items } = await home.json<{ items: readonly { id: string; kind: string }[] }>(["slots", "list"]);
  const keyFile = items.find(({ kind }) => kind === "key_file");
  await home.json(["slots", "remove", keyFile?.id ?? ""]);
  expect(unlockKeys()).toEqual([]);

  const locked = await home.up();
  expect(await (await fetch(`${locked.ready.url}/readyz`)).json()).toEqual({ reason: "vault_locked" });
  expect((await home.run(["vk", "create", "--name", "any"])).code).toBe(4);
  expect((await home.run(["unlock", "--passphrase-stdin"], { stdin: `${passphrase}!` })).code).toBe(4);
  expect(await home.json(["unlock", "--passphrase-stdin"], { stdin: passphrase })).toMatchObject({
    locked: false,
  });
  locked.kill("SIGTERM");
  await locked.exited;

  const file = join(home.folder, "passphrase");
  writeFileSync(file, `${passphrase}\n`, { mode: 0o600 });
  const unlocked = await home.up([], { OWNKEY_PASSPHRASE_FILE: file });
  expect((await fetch(`${unlocked.ready.url}/readyz`)).status).toBe(200);
  unlocked.kill("SIGTERM");
  await unlocked.exited;

  writeFileSync(file, "something else\n");
  const { code } = await home.run(["up", "--port", "0"], { env: { OWNKEY_PASSPHRASE_FILE: file } });
  expect(code).toBe(4);
});

test("whichever command comes first says what protects the new vault, and documents stay alone", async () => {
  const first = await home.run(["vk", "create", "--name", "any"]);
  expect(first.stdout).toStartWith("sk-ownkey-");
  expect(first.stderr).toContain(unlockKeys()[0] ?? "no key file");
  expect((await home.run(["vk", "list"])).stderr).toBe("");

  const background = new OwnkeyHome();
  try {
    const started = await background.run(["up", "--detach", "--port", "0"]);
    expect(started.stdout).toContain("The key to them is the file");
    expect((await background.run(["up", "--detach"])).stdout).not.toContain("The key to them");
    await background.run(["down"]);
  } finally {
    await background.remove();
  }

  const script = new OwnkeyHome();
  try {
    const { code, stderr } = await script.run(["vk", "reissue", "nothing", "--json"]);
    expect({ code, error: JSON.parse(stderr) as unknown }).toMatchObject({
      code: 3,
      error: { error: { code: "not_found" } },
    });
  } finally {
    await script.remove();
  }
});

test("beyond loopback only with TLS or when told so; other names only when allowed", async () => {
  const refused = await home.run(["up", "--host", "0.0.0.0", "--port", "0", "--json"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--tls-cert");
  const up = await home.up(["--host", "0.0.0.0", "--insecure-http", "--allow-host", "gateway.test"]);
  const asking = async (host: string) =>
    (await fetch(`${up.ready.url}/healthz`, { headers: { host } })).status;
  // What is printed can be called as it is.
  expect(up.ready.url).toStartWith("http://127.0.0.1:");
  expect((await fetch(`${up.ready.url}/healthz`)).status).toBe(200);
  expect(await asking("gateway.test")).toBe(200);
  expect(await asking("other.test")).toBe(421);
  expect(up.ready.ui).toStartWith("http://127.0.0.1:");
});

// Elsewhere 127.0.0.2 is no address until somebody makes it one.
test.skipIf(process.platform !== "linux")("the address that it listens on may be called by", async () => {
  const up = await home.up(["--host", "127.0.0.2"]);
  expect(up.ready.url).toStartWith("http://127.0.0.2:");
  expect((await fetch(`${up.ready.url}/healthz`)).status).toBe(200);
});
