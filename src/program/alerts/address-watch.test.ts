import { expect, test } from "bun:test";
import { openAccessTest } from "../../access/access.testing.ts";
import { idMaker, silentLog, systemRandomness } from "../../kernel/index.ts";
import { Notifier, type NotifyEvent } from "../../notify/index.ts";
import { AddressWatch } from "./address-watch.ts";

async function ground() {
  const access = await openAccessTest();
  const { store, clock } = access;
  const told: NotifyEvent[] = [];
  const notifier = new Notifier({
    store,
    clock,
    log: silentLog,
    newId: idMaker(clock, systemRandomness),
    random: () => 0,
    channels: [{ name: "command", deliver: (event) => Promise.resolve(void told.push(event)) }],
  });
  const watch = new AddressWatch({ store, clock, notifier });
  /** Used from each of them, a while after each other; gives what was told. */
  const used = async (virtualKeyId: string, ...addresses: readonly string[]) => {
    for (const address of addresses) {
      clock.timeMs += 10;
      watch.note(virtualKeyId, () => address);
    }
    await watch.flush();
    await notifier.deliverDue();
    return told.splice(0).map(({ data }) => data);
  };
  return {
    access,
    store,
    clock,
    watch,
    notifier,
    used,
    [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
  };
}

test("the first address of a virtual key is its own affair; each new one after it is told once", async () => {
  await using at = await ground();
  expect(await at.used("vk_1", "203.0.113.7", "203.0.113.7")).toEqual([]);
  expect(await at.used("vk_1", "203.0.113.7", "198.51.100.1")).toEqual([
    { virtualKey: "vk_1", virtualKeyId: "vk_1", address: "198.51.100.1", knownAddresses: 1 },
  ]);
  expect(await at.used("vk_1", "198.51.100.1", "203.0.113.7")).toEqual([]);
  // Another program begins with nothing in memory; the store knows.
  const later = new AddressWatch({ store: at.store, clock: at.clock, notifier: at.notifier });
  later.note("vk_1", () => "198.51.100.1");
  await later.flush();
  expect(await at.used("vk_2", "198.51.100.1")).toEqual([]);
  expect(await at.notifier.recent(10)).toHaveLength(1);
});

test("of an IPv6 address its network counts, and an IPv4 address is one however it is written", async () => {
  await using at = await ground();
  await at.used("vk_1", "2001:db8:1:2::1", "::ffff:203.0.113.7");
  expect(await at.used("vk_1", "2001:db8:1:2:aaaa::9", "203.0.113.7")).toEqual([]);
  expect(await at.used("vk_1", "2001:db8:1:3::1")).toMatchObject([{ address: "2001:db8:1:3::/64" }]);
});

test("a virtual key on the move is told of no more, and what cannot be written is written the next time", async () => {
  await using at = await ground();
  const places = Array.from({ length: 60 }, (_, index) => `203.0.113.${index}`);
  expect(await at.used("vk_1", ...places)).toHaveLength(20);
  expect((await at.notifier.recent(100)).length).toBe(49);

  const store = { ...at.store, tx: () => Promise.reject(new Error("busy")) };
  const failing = new AddressWatch({
    store: store as typeof at.store,
    clock: at.clock,
    notifier: at.notifier,
  });
  failing.note("vk_2", () => "203.0.113.1");
  const failed = await failing.flush().catch((error: unknown) => error);
  expect(failed).toEqual(new Error("busy"));
  store.tx = at.store.tx.bind(at.store) as never;
  await failing.flush();
  const rows = await at.store.all("SELECT address FROM virtual_key_addresses WHERE virtual_key_id = 'vk_2'");
  expect(rows).toEqual([{ address: "203.0.113.1" }]);
});

test("the system is asked for an address every few milliseconds at the most", async () => {
  await using at = await ground();
  let asked = 0;
  const address = () => `203.0.113.${asked++}`;
  for (let request = 0; request < 100; request++) at.watch.note("vk_1", address);
  expect(asked).toBe(1);
  at.clock.timeMs += 5;
  at.watch.note("vk_1", address);
  at.watch.note("vk_2", address);
  expect(asked).toBe(3);
});
