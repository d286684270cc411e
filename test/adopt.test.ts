/** `ownkey adopt` as its users meet it: real files, a real gateway, a double for every provider. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AdoptHome, type AdoptDocument } from "./support/adopt-home.ts";

let user: AdoptHome;

beforeAll(async () => {
  user = await AdoptHome.begin();
}, 60_000);

afterAll(async () => {
  await user.remove();
});

describe("a home with thirty keys", () => {
  test("a dry run shows what would be, and changes nothing", async () => {
    const before = user.snapshot();
    const { outcome, keys, stored } = await user.json<AdoptDocument>(["adopt", user.folder, "--dry-run"]);
    expect(outcome).toBe("planned");
    expect(keys.length).toBeGreaterThanOrEqual(28);
    expect(stored).toEqual([]);
    expect(user.changedSince(before)).toEqual([]);
  }, 30_000);

  test("all of it is taken in, and one undo gives every byte and mode back", async () => {
    const before = user.snapshot();
    const adopted = await user.json<AdoptDocument>(["adopt", user.folder, "--yes"]);
    const failed = adopted.files.filter(({ outcome }) => outcome !== "changed");
    expect(failed).toEqual([]);
    // A tool that takes no address keeps its key until it is connected.
    expect(user.plainKeys().map((found) => found.split(" ")[0])).toEqual([".cline/data/secrets.json"]);
    expect(adopted.outcome).toBe("done");
    await user.json(["adopt", "undo", "--yes"]);
    expect(user.changedSince(before)).toEqual([]);
  }, 60_000);
});
