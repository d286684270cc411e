/** Where no home was made yet, whoever only looks finds nothing and makes nothing. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHomeMade, openNoHome, SYSTEM_SEAMS } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { type AnyOperation, createLocalClient, OPERATIONS } from "../src/control/index.ts";
import * as audit from "../src/control/operations/audit.ts";
import * as program from "../src/control/operations/program.ts";
import * as slots from "../src/control/operations/slots.ts";
import * as virtualKeys from "../src/control/operations/virtual-keys.ts";
import { silentLog, toAppError } from "../src/kernel/index.ts";
import { newKey } from "./support/keys.ts";
import { openHome } from "./support/open-home.ts";
import { OwnkeyHome } from "./support/ownkey.ts";
import { hello } from "./support/stage.ts";

const CALLER = { kind: "cli", user: "ada" } as const;
const OPTIONS = {
  storeMode: "inline",
  caller: CALLER,
  log: silentLog,
  seams: { ...SYSTEM_SEAMS, keychain: undefined },
} as const;

const all = await OPERATIONS.all();
const looking = all.filter(({ withoutHome }) => withoutHome);

describe("operations", () => {
  let home: string;
  beforeEach(() => {
    home = join(mkdtempSync(join(tmpdir(), "ownkey-no-home-")), "home");
  });
  afterEach(() => rmSync(join(home, ".."), { recursive: true, force: true }));

  async function noHome() {
    const config = readConfig({ environment: { OWNKEY_HOME: home, HOME: home, USER: "ada" } });
    expect(await isHomeMade(config, OPTIONS)).toBeFalse();
    const { control, close } = await openNoHome(config, OPTIONS);
    const client = createLocalClient({ control, caller: CALLER, unlock: async () => {} });
    return { client, [Symbol.asyncDispose]: close };
  }

  test("that only look are known as such", () => {
    const VERBS = /\.(?:list|show|status|report|advise|suspended|changes)$/;
    const others = all.filter(
      ({ name, place, withoutHome }) => VERBS.test(name) && place !== "offline" && !withoutHome,
    );
    expect(others.map(({ name }) => name)).toEqual(["door.show"]);
  });

  /** What a vault with its first entries tells that none does not. */
  const TOLD_BY_A_VAULT = new Set(["program.status", "slots.list", "audit.show", "audit.verify"]);
  /** What those are given that need more than a name and a place. */
  const INPUTS: Readonly<Record<string, object>> = {
    "budget.explain": { body: `{"model":"gpt-5","messages":[]}` },
    "doctor.request": { id: "req_none" },
    "eject.run": { realKeys: true },
    "export.references": { format: "env" },
    "keys.providerHelp": { provider: "openai" },
    "limits.show": { subject: "user:ada" },
    "prices.show": { provider: "openai", model: "gpt-5" },
    "requests.show": { id: "req_none" },
    "tools.plan": { tool: "claude-code" },
    "usage.advise": { since: "2026-11-01T00:00:00.000Z", until: "2026-11-02T00:00:00.000Z" },
  };

  async function outcomeOf({ client }: Pick<Awaited<ReturnType<typeof noHome>>, "client">, of: AnyOperation) {
    const place = { ref: "none", environment: { HOME: "/nowhere" }, workingDirectory: "/nowhere" };
    const call = client.call(of, { ...place, ...INPUTS[of.name] }) as Promise<object>;
    const outcome = await call.catch((error: unknown) => {
      const { code, message, hint } = toAppError(error);
      return { code, message, hint };
    });
    return { ...outcome, ...("home" in outcome ? { home: "" } : {}) };
  }

  test.each(looking.filter(({ name }) => !TOLD_BY_A_VAULT.has(name)).map((one) => [one.name, one] as const))(
    "%s answers as on a vault with nothing in it",
    async (_name, operation) => {
      await using none = await noHome();
      await using empty = await openHome();
      const outcome = await outcomeOf(none, operation);
      expect(outcome).toEqual(await outcomeOf(empty, operation));
      expect(outcome).not.toMatchObject({ code: "invalid_input" });
      expect(outcome).not.toMatchObject({ code: "internal" });
      expect(existsSync(home)).toBeFalse();
    },
  );

  test("about the vault itself say that there is none", async () => {
    await using none = await noHome();
    expect(await none.client.call(program.status, {})).toMatchObject({
      home,
      store: "sqlite",
      vaultId: null,
      locked: false,
      keys: 0,
    });
    expect(await none.client.call(slots.list, {})).toEqual({ items: [] });
    expect(await none.client.call(audit.show, {})).toEqual({ items: [] });
    expect(await none.client.call(audit.verify, {})).toMatchObject({ ok: true, entries: 0 });
    expect(existsSync(home)).toBeFalse();
  });

  test("that would change something are refused, whatever they are taken for", async () => {
    await using none = await noHome();
    const failed = await none.client.call(virtualKeys.create, { name: "x" }).catch((error: unknown) => error);
    expect(String(failed)).toContain("there is none");
    expect(await none.client.call(virtualKeys.list, {})).toMatchObject({ items: [] });
  });
});

describe("commands", () => {
  let home: OwnkeyHome;
  beforeEach(() => {
    home = new OwnkeyHome();
  });
  afterEach(() => home.remove());

  test.each(["status", "keys list", "usage", "tools list"])(
    "%s: exit 0, what to do first, and no home",
    async (line) => {
      const { code, stderr } = await home.run(line.split(" "));
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: `there is no vault yet at ${home.home}; begin with: ownkey init, or ownkey keys add PROVIDER\n`,
      });
      expect(await home.run([...line.split(" "), "--json"])).toMatchObject({ code: 0, stderr: "" });
      expect(existsSync(home.home)).toBeFalse();
    },
  );

  test("leaving finds nothing to undo, makes no home, and names none as left", async () => {
    const { code, stdout, stderr } = await home.run(["eject", "--yes"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain(home.home);
    expect(existsSync(home.home)).toBeFalse();
  });

  test("a home that was made is opened: what is missing in it is told, and not taken for a new one", async () => {
    await home.virtualKey("any");
    rmSync(join(home.home, "control.db"));
    expect((await home.run(["keys", "list", "--json"])).stderr).toContain(`"rolled_back"`);
  });

  test("a home that is made meanwhile is looked at by what goes on", async () => {
    const tail = await home.start(["requests", "tail", "--json"]);
    const { ready } = await home.up();
    await home.addKey("openai", newKey.openai(), "--no-test", "--base-url", "http://127.0.0.1:1");
    const key = await home.virtualKey("any");
    const line = tail.line();
    // It tells of what comes after its start, which cannot be seen from here: so one request after the other.
    while (!tail.printed()) {
      await fetch(`${ready.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(hello),
      });
      await Bun.sleep(50);
    }
    expect(JSON.parse(await line)).toMatchObject({ virtualKey: "any", connection: "openai" });
    await tail.stop();
  });
});
