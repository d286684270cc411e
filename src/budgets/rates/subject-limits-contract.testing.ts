// What rate limits of subjects must do on every engine. Each engine's test file opens the ground and runs it.
import { describe, expect, test } from "bun:test";
import type { Caller } from "../../access/index.ts";
import { AppError, idMaker, systemRandomness } from "../../kernel/index.ts";
import type { Ground } from "../budgets-contract.testing.ts";
import { parseSubject } from "../subject.ts";
import { SubjectLimits } from "./subject-limits.ts";

const CLI: Caller = { kind: "cli", user: "ada" };
const GATEWAY: Caller = { kind: "gateway", node: "node_1" };

const ada = (changes: object) => ({ subject: parseSubject("user:ada"), name: "user:ada", changes });

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "done",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

export function subjectLimitsContract(name: string, openGround: () => Promise<Ground>): void {
  async function open() {
    const ground = await openGround();
    const newId = idMaker(ground.clock, systemRandomness);
    return { ground, limits: new SubjectLimits({ ...ground, sealer: ground.vault, newId }) };
  }

  describe(name, () => {
    test("limits are set, changed one by one, listed, and removed, each change recorded", async () => {
      const { ground, limits } = await open();
      await using _closed = ground;
      const rule = await limits.set(CLI, ada({ requestsPerMinute: 60, concurrency: 5 }));
      expect(rule.id).toStartWith("lim_");
      await limits.set(CLI, ada({ tokensPerMinute: 1_000, concurrency: null }));
      await limits.set(CLI, { ...ada({ concurrency: 2 }), subject: parseSubject("everything") });
      const { rules, damaged } = await limits.list();
      expect(rules.map(({ subject, limits }) => [subject.kind, limits])).toEqual([
        ["everything", { concurrency: 2 }],
        ["user", { requestsPerMinute: 60, tokensPerMinute: 1_000 }],
      ]);
      expect(damaged).toEqual([]);
      expect(await limits.of(parseSubject("user:ada"))).toEqual({
        ...rule,
        limits: { requestsPerMinute: 60, tokensPerMinute: 1_000 },
      });
      await limits.remove(CLI, ada({}));
      expect(await codeOf(limits.of(parseSubject("user:ada")))).toBe("not_found");
      expect(await codeOf(limits.remove(CLI, ada({})))).toBe("not_found");
      const entries = await ground.entries();
      expect(entries.slice(0, 2)).toEqual([
        `cli:ada limits.set ${rule.id} ok`,
        `cli:ada limits.set ${rule.id} ok`,
      ]);
      expect(entries.at(-1)).toBe(`cli:ada limits.remove ${rule.id} ok`);
    });

    test("what limits nothing, or is no limit, is refused", async () => {
      const { ground, limits } = await open();
      await using _closed = ground;
      expect(await codeOf(limits.set(CLI, ada({})))).toBe("invalid_input");
      expect(await codeOf(limits.set(CLI, ada({ requestsPerMinute: 0 })))).toBe("invalid_input");
      await limits.set(CLI, ada({ requestsPerMinute: 1 }));
      expect(await codeOf(limits.set(CLI, ada({ requestsPerMinute: null })))).toBe("invalid_input");
      expect((await limits.of(parseSubject("user:ada"))).limits).toEqual({ requestsPerMinute: 1 });
    });

    test("a gateway may not change limits, and the try is recorded", async () => {
      const { ground, limits } = await open();
      await using _closed = ground;
      expect(await codeOf(limits.set(GATEWAY, ada({ requestsPerMinute: 1 })))).toBe("denied");
      expect((await ground.entries()).at(-1)).toEndWith("denied");
      expect((await limits.list()).rules).toEqual([]);
    });

    test("a row that was changed outside Ownkey is told, and can be removed", async () => {
      const { ground, limits } = await open();
      await using _closed = ground;
      await limits.set(CLI, ada({ requestsPerMinute: 1 }));
      await ground.store.run("UPDATE rate_limits SET limits = ?", ['{"requestsPerMinute":1000}']);
      const { rules, damaged } = await limits.list();
      expect([rules.length, damaged.length]).toEqual([0, 1]);
      expect(await codeOf(limits.set(CLI, ada({ requestsPerMinute: 2 })))).toBe("corrupt");
      await limits.remove(CLI, ada({}));
      await limits.set(CLI, ada({ requestsPerMinute: 2 }));
    });

    test("of several who set the same limits at once each is whole, and who loses is told", async () => {
      const { ground, limits } = await open();
      await using _closed = ground;
      const set = [1, 2, 3, 4].map((number) => codeOf(limits.set(CLI, ada({ requestsPerMinute: number }))));
      const codes = await Promise.all(set);
      expect(codes).toContain("done");
      expect(codes.filter((code) => code !== "done" && code !== "conflict")).toEqual([]);
      expect((await limits.list()).rules).toHaveLength(1);
    });

    test("while the vault is locked nothing is read that nobody can vouch for", async () => {
      const { ground, limits } = await open();
      await using _closed = ground;
      await limits.set(CLI, ada({ requestsPerMinute: 1 }));
      ground.vault.locked = true;
      expect(await codeOf(limits.list())).toBe("vault_locked");
      expect(await codeOf(limits.set(CLI, ada({ requestsPerMinute: 2 })))).toBe("vault_locked");
      await limits.remove(CLI, ada({}));
      expect(await codeOf(limits.list())).toBe("done");
    });
  });
}
