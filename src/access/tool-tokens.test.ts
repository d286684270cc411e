import { expect, test } from "bun:test";
import { ADA, GATEWAY, openAccessTest } from "./access.testing.ts";
import { OpenSessions, SESSION_PREFIX } from "./open-sessions.ts";
import { parseToolToken } from "./tool-token.ts";
import { MAX_TOOL_TOKEN_LIFE_MS, ToolTokenVerifier } from "./tool-token-verifier.ts";

async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
}

test("the first token makes the tool's virtual key, audited; later ones use it", async () => {
  await using test = await openAccessTest();
  const { toolTokens, virtualKeys } = test;
  const { token, virtualKeyId } = await toolTokens.issue(ADA, "codex");
  await toolTokens.issue(ADA, "codex", { lifeMs: 60_000 });
  expect(await virtualKeys.list()).toMatchObject([
    { id: virtualKeyId, name: "tool:codex", policy: { tool: "codex" } },
  ]);
  expect(await test.entries()).toEqual([
    `cli:ada virtual_key.create ${virtualKeyId} ok`,
    `cli:ada token.issue ${virtualKeyId} ok`,
    `cli:ada token.issue ${virtualKeyId} ok`,
  ]);
  const claims = parseToolToken(token.reveal())?.claims;
  const [, entry] = await test.audit.list(test.store, { since: 0, limit: 9 });
  expect(entry?.details).toEqual({ tool: "codex", token: claims?.tokenId ?? "", lifeSeconds: 3600 });
});

test("several first tokens at once make one virtual key", async () => {
  await using test = await openAccessTest();
  const issued = await Promise.all(Array.from({ length: 5 }, () => test.toolTokens.issue(ADA, "codex")));
  expect(new Set(issued.map(({ virtualKeyId }) => virtualKeyId)).size).toBe(1);
  expect(await test.virtualKeys.list()).toHaveLength(1);
});

test("a revoked tool gets no token, and no new key by asking again", async () => {
  await using test = await openAccessTest();
  const { toolTokens, virtualKeys } = test;
  await toolTokens.issue(ADA, "codex");
  await virtualKeys.disable(ADA, "tool:codex");
  await refused(toolTokens.issue(ADA, "codex"), "denied");
  await virtualKeys.revoke(ADA, "tool:codex");
  await refused(toolTokens.issue(ADA, "codex"), "denied");
  expect(await virtualKeys.list()).toHaveLength(1);
  await virtualKeys.create(ADA, { name: "tool:codex" });
  expect((await toolTokens.issue(ADA, "codex")).token.lengthChars).toBeGreaterThan(100);
  await virtualKeys.set(ADA, "tool:codex", { expiresAtMs: test.clock.timeMs });
  await refused(toolTokens.issue(ADA, "codex"), "denied");
});

test("tokens are for those who may, of a life up to a day, for tools with a proper name", async () => {
  await using test = await openAccessTest();
  const { toolTokens, vault } = test;
  await refused(toolTokens.issue(GATEWAY, "codex"), "denied");
  await refused(toolTokens.revoke(GATEWAY, "codex"), "denied");
  await refused(toolTokens.revoke(ADA, "codex"), "not_found");
  await refused(toolTokens.issue(ADA, "no spaces"), "invalid_input");
  for (const lifeMs of [0, -1, 86_400_001, Number.NaN]) {
    await refused(toolTokens.issue(ADA, "codex", { lifeMs }), "invalid_input");
  }
  await toolTokens.issue(ADA, "codex", { lifeMs: 86_400_000 });
  vault.locked = true;
  await refused(toolTokens.issue(ADA, "codex"), "vault_locked");
});

test("a session's token is good while its session is held open, and for nobody who keeps no sessions", async () => {
  await using test = await openAccessTest();
  const { toolTokens, vault, clock, virtualKeys } = test;
  const { token, tokenId, virtualKeyId, expiresAtMs } = await toolTokens.issueForSession(ADA, {
    tool: "run",
  });
  expect(tokenId.startsWith(SESSION_PREFIX)).toBe(true);
  expect(expiresAtMs).toBe(clock.timeMs + MAX_TOOL_TOKEN_LIFE_MS);
  expect(await virtualKeys.resolve("tool:run")).toMatchObject({ id: virtualKeyId });

  const sessions = new OpenSessions();
  const verifier = new ToolTokenVerifier({ signer: vault, sessions });
  const verify = () => verifier.verify(token.reveal(), clock.timeMs);
  expect(verify()).toBe("stale_token");
  const letGo = sessions.hold(tokenId);
  expect(verify()).toMatchObject({ tokenId, tool: "run" });
  letGo?.();
  expect(verify()).toBe("stale_token");
  expect(new ToolTokenVerifier({ signer: vault }).verify(token.reveal(), clock.timeMs)).toBe("stale_token");
});

test("a session may run under a virtual key that is named", async () => {
  await using test = await openAccessTest();
  const { toolTokens, virtualKeys } = test;
  const { virtualKey } = await virtualKeys.create(ADA, { name: "ci" });
  const issued = await toolTokens.issueForSession(ADA, { tool: "run", virtualKey: "ci" });
  expect(issued.virtualKeyId).toBe(virtualKey.id);
  await refused(toolTokens.issueForSession(ADA, { tool: "run", virtualKey: "nobody" }), "not_found");
  await refused(toolTokens.issueForSession(GATEWAY, { tool: "run", virtualKey: "ci" }), "denied");
  await virtualKeys.disable(ADA, "ci");
  await refused(toolTokens.issueForSession(ADA, { tool: "run", virtualKey: "ci" }), "denied");
});
