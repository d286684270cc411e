/** A user's service manager, for real: the program comes with the login, after a crash, and goes when it is told to. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./support/free-port.ts";
import { OwnkeyHome, until } from "./support/ownkey.ts";
import { ServiceSession, whyNoServiceManager } from "./support/user-session.ts";

const WITHIN_MS = 60_000;

const why = await whyNoServiceManager();
if (why === undefined) describe("as a service", tests);
else test.skip(`a service of the system: ${why}`, () => {});

function tests(): void {
  let session: ServiceSession;
  let home: OwnkeyHome;
  beforeAll(async () => {
    session = new ServiceSession();
    await session.logIn();
    home = new OwnkeyHome(session.environment, session.within);
    for (const name of ["port", "uiPort"]) {
      const { code } = await home.run(["config", "set", name, String(await freePort())]);
      expect(code).toBe(0);
    }
  }, WITHIN_MS);
  afterAll(async () => {
    await session.end();
    await home.remove();
  }, WITHIN_MS);

  const pidOf = async () => (await home.json<{ pid?: number | null }>(["status"])).pid ?? undefined;
  const answers = async () => (await home.run(["token", "cursor"])).stdout.startsWith("sk-ownkey-t-");

  test(
    "it is installed by the path that stays, and runs",
    async () => {
      expect((await home.run(["install"])).code).toBe(0);
      expect(await home.run(["service", "install"])).toMatchObject({ code: 0, stderr: "" });
      expect(readFileSync(join(session.folder, ".config/systemd/user/ownkey.service"), "utf8")).toContain(
        join(session.folder, ".local/bin/ownkey"),
      );
      await until(pidOf, "it runs");
      expect(await home.json(["service", "status"])).toMatchObject({ installed: true, running: true });
      expect(await answers()).toBe(true);
    },
    WITHIN_MS,
  );

  test(
    "killed, it comes back",
    async () => {
      const killed = await until(pidOf, "it runs");
      await session.kill(killed);
      await until(async () => {
        const pid = await pidOf();
        return pid !== undefined && pid !== killed;
      }, "another one runs");
      expect(await answers()).toBe(true);
    },
    WITHIN_MS,
  );

  test(
    "after the next login it runs, without a word from anybody",
    async () => {
      const before = await until(pidOf, "it runs");
      await session.logOut();
      expect(await pidOf()).toBeUndefined();
      await session.logIn();
      const after = await until(pidOf, "it runs again");
      expect(after).not.toBe(before);
      expect(await answers()).toBe(true);
    },
    WITHIN_MS,
  );

  test(
    "uninstalled, it has stopped and left nothing to start",
    async () => {
      expect((await home.run(["service", "uninstall"])).code).toBe(0);
      expect(await pidOf()).toBeUndefined();
      expect(await home.json(["service", "status"])).toMatchObject({ installed: false, running: false });
      await session.logOut();
      await session.logIn();
      expect(await pidOf()).toBeUndefined();
    },
    WITHIN_MS,
  );
}
