/** The keychain of a Linux desktop, for real: GNOME's keyring on a bus of its own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { OwnkeyHome } from "./support/ownkey.ts";
import { newKey } from "./support/keys.ts";
import { KeyringSession, whyNoKeyring } from "./support/user-session.ts";

const why = await whyNoKeyring();
if (why === undefined) describe("where a keychain works", tests);
else test.skip(`the keychain of a desktop: ${why}`, () => {});

function tests(): void {
  let session: KeyringSession;
  let home: OwnkeyHome;
  beforeAll(async () => {
    session = new KeyringSession();
    await session.logIn();
    home = new OwnkeyHome(session.environment);
    await home.addKey("openai", newKey.openai(), "--no-test");
  });
  afterAll(async () => {
    await home.remove();
    await session.end();
  });

  test("the key to the vault is in it, and in no file", async () => {
    expect(readdirSync(home.home).filter((name) => name.startsWith("unlock-"))).toEqual([]);
    const { items } = await home.json<{ items: { kind: string }[] }>(["slots", "list"]);
    expect(items.map(({ kind }) => kind)).toEqual(["keychain"]);
    expect((await home.run(["keys", "list"])).stdout).toContain("openai/main");
  });

  test("a whole folder that is put back is noticed", async () => {
    const older = `${home.home}.older`;
    const newer = `${home.home}.newer`;
    cpSync(home.home, older, { recursive: true });
    await home.virtualKey("later");
    cpSync(home.home, newer, { recursive: true });
    const replaceBy = (folder: string) => {
      rmSync(home.home, { recursive: true });
      cpSync(folder, home.home, { recursive: true });
    };
    replaceBy(older);
    const { code, stderr } = await home.run(["vk", "list"]);
    expect(code).toBe(1);
    expect(stderr).toContain("older than what was used here");
    expect(stderr).toContain("--accept-epoch");
    replaceBy(newer);
    expect((await home.run(["vk", "list"])).stdout).toContain("later");
  });

  test("while it is locked nothing opens, nothing is made, and the way on is said; afterwards all is as it was", async () => {
    await session.lock();
    const { code, stderr } = await home.run(["vk", "create", "--name", "locked-out"]);
    expect(code).toBe(4);
    expect(stderr).toContain("unlock this system's keychain");
    await session.logIn();
    const { stdout } = await home.run(["vk", "list"]);
    expect(stdout).toContain("later");
    expect(stdout).not.toContain("locked-out");
  });

  test("two first starts at once make one vault, and leave one key in it", async () => {
    const both = new OwnkeyHome(session.environment);
    try {
      const add = async (name: string) =>
        await both.addKey("openai", newKey.openai(), "--no-test", "--name", name);
      await Promise.all([add("one"), add("two")]);
      const { items } = await both.json<{ items: unknown[] }>(["keys", "list"]);
      expect(items).toHaveLength(2);
      expect(existsSync(both.home)).toBe(true);
      expect(readdirSync(both.home).filter((name) => name.startsWith("unlock-"))).toEqual([]);
    } finally {
      await both.remove();
    }
  });
}
