import { expect, test } from "bun:test";
import { type AccessTest, ADA, openAccessTest } from "./access.testing.ts";
import { authenticate } from "./authenticate.ts";
import { ToolTokenVerifier } from "./tool-token-verifier.ts";
import { VIRTUAL_KEY_PREFIX } from "./virtual-key-token.ts";

/** A gateway's view: a directory, read again before each question. */
async function gatewayOf({ virtualKeys, vault, clock }: AccessTest) {
  const directory = await virtualKeys.directory();
  const toolTokens = new ToolTokenVerifier({ signer: vault });
  return {
    directory,
    ask: async (credential: string): Promise<string> => {
      const answer = await authenticate(credential, {
        virtualKeys: directory,
        toolTokens,
        nowMs: clock.nowMs(),
      });
      return "refused" in answer ? answer.refused : `${answer.virtualKey.name} ${answer.tool ?? "-"}`;
    },
  };
}

test("a virtual key is its holder, until it is disabled, revoked or expired", async () => {
  await using test = await openAccessTest();
  const { virtualKeys, clock } = test;
  const { token, virtualKey } = await virtualKeys.create(ADA, {
    name: "cursor",
    expiresAtMs: clock.timeMs + 1000,
    policy: { tool: "cursor" },
  });
  const { ask, directory } = await gatewayOf(test);
  const { id } = virtualKey;
  expect(await ask(token.reveal())).toBe("cursor cursor");
  await virtualKeys.disable(ADA, "cursor");
  await directory.reload([id, "conn_of_somebody_else"]);
  expect(await ask(token.reveal())).toBe("disabled");
  await virtualKeys.enable(ADA, "cursor");
  await directory.reload([id]);
  expect(await ask(token.reveal())).toBe("cursor cursor");
  clock.timeMs += 1000;
  expect(await ask(token.reveal())).toBe("expired");
  await virtualKeys.revoke(ADA, "cursor");
  await directory.reload([id]);
  expect(await ask(token.reveal())).toBe("revoked");
});

test("an old token works within its grace period and not after", async () => {
  await using test = await openAccessTest();
  const { virtualKeys, clock } = test;
  const first = await virtualKeys.create(ADA, { name: "cursor" });
  const { ask, directory } = await gatewayOf(test);
  const second = await virtualKeys.reissue(ADA, "cursor", { graceMs: 1000 });
  await directory.reload([first.virtualKey.id]);
  expect(await Promise.all([first, second].map(({ token }) => ask(token.reveal())))).toEqual([
    "cursor -",
    "cursor -",
  ]);
  clock.timeMs += 1000;
  expect(await Promise.all([first, second].map(({ token }) => ask(token.reveal())))).toEqual([
    "unknown",
    "cursor -",
  ]);
  const third = await virtualKeys.reissue(ADA, "cursor");
  await directory.reload([first.virtualKey.id]);
  const answers = await Promise.all([first, second, third].map(({ token }) => ask(token.reveal())));
  expect(answers).toEqual(["unknown", "unknown", "cursor -"]);
});

test("a tool token is its tool, until the tool's generation is raised", async () => {
  await using test = await openAccessTest();
  const { virtualKeys, toolTokens } = test;
  const { token, virtualKeyId, expiresAtMs } = await toolTokens.issue(ADA, "claude-code");
  expect(expiresAtMs).toBe(test.clock.timeMs + 3_600_000);
  const { ask, directory } = await gatewayOf(test);
  expect(await ask(token.reveal())).toBe("tool:claude-code claude-code");
  await toolTokens.revoke(ADA, "claude-code");
  await directory.reload([virtualKeyId]);
  expect(await ask(token.reveal())).toBe("stale_token");
  const fresh = await toolTokens.issue(ADA, "claude-code");
  expect(fresh.virtualKeyId).toBe(virtualKeyId);
  expect(await ask(fresh.token.reveal())).toBe("tool:claude-code claude-code");
  await virtualKeys.disable(ADA, "tool:claude-code");
  await directory.reload([virtualKeyId]);
  expect(await ask(fresh.token.reveal())).toBe("disabled");
});

test("what was never issued is malformed or unknown", async () => {
  await using test = await openAccessTest();
  await using other = await openAccessTest();
  const { ask } = await gatewayOf(test);
  const { token } = await other.virtualKeys.create(ADA, { name: "cursor" });
  expect(await ask(token.reveal())).toBe("unknown");
  expect(await ask((await other.toolTokens.issue(ADA, "cursor")).token.reveal())).toBe("unknown");
  expect(await ask("")).toBe("malformed");
  expect(await ask(`${VIRTUAL_KEY_PREFIX}${"a".repeat(34)}`)).toBe("malformed");
  expect(await ask(`${VIRTUAL_KEY_PREFIX}t-${"a".repeat(34)}`)).toBe("malformed");
});

test("a damaged row takes only its own key out of service", async () => {
  await using test = await openAccessTest();
  const good = await test.virtualKeys.create(ADA, { name: "good" });
  const bad = await test.virtualKeys.create(ADA, { name: "bad" });
  await test.store.run("UPDATE virtual_keys SET policy = '{}' WHERE name = 'bad'");
  const { ask, directory } = await gatewayOf(test);
  expect(await ask(good.token.reveal())).toBe("good -");
  expect(await ask(bad.token.reveal())).toBe("unknown");
  expect(directory.damaged).toEqual([bad.virtualKey.id]);
  test.vault.locked = true;
  const locked = directory.reloadAll();
  expect(locked).rejects.toMatchObject({ code: "vault_locked" });
  await locked.catch(() => {});
  expect(await ask(good.token.reveal())).toBe("good -");
});

test("a locked vault does not keep a revocation from the gateway", async () => {
  await using test = await openAccessTest();
  const { virtualKeys, vault } = test;
  const names = ["kept", "disabled", "revoked", "changed"];
  const issued = await Promise.all(names.map(async (name) => await virtualKeys.create(ADA, { name })));
  const { ask, directory } = await gatewayOf(test);
  const answers = () =>
    Promise.all(issued.map(({ token }) => ask(token.reveal()).catch((error: unknown) => codeIn(error))));
  const ids = issued.map(({ virtualKey }) => virtualKey.id);

  await virtualKeys.set(ADA, "changed", { expiresAtMs: 1 });
  vault.locked = true;
  await virtualKeys.disable(ADA, "disabled");
  await virtualKeys.revoke(ADA, "revoked");
  await directory.reload(ids);
  expect(await answers()).toEqual(["kept -", "disabled", "revoked", "vault_locked"]);
  vault.locked = false;
  await directory.reloadAll();
  expect(await answers()).toEqual(["kept -", "disabled", "revoked", "expired"]);
});

test("a gateway that starts locked knows nobody until the vault is unlocked", async () => {
  await using test = await openAccessTest();
  const { token } = await test.virtualKeys.create(ADA, { name: "cursor" });
  test.vault.locked = true;
  const { ask, directory } = await gatewayOf(test);
  expect(await ask(token.reveal()).catch(codeIn)).toBe("vault_locked");
  test.vault.locked = false;
  await directory.reloadAll();
  expect(await ask(token.reveal())).toBe("cursor -");
});

function codeIn(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
