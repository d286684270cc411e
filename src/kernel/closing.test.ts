import { expect, test } from "bun:test";
import { Closing } from "./closing.ts";

function recorded() {
  const order: string[] = [];
  const closing = new Closing();
  closing.add(() => void order.push("first"));
  closing.add(() => {
    order.push("second");
    throw new Error("second failed");
  });
  closing.add(async () => {
    await Promise.resolve();
    order.push("third");
  });
  return { order, closing };
}

test("everything is closed in reverse, also after a failure, which is told at the end", async () => {
  const { order, closing } = recorded();
  await expect(closing.close()).rejects.toThrow("second failed");
  expect(order).toEqual(["third", "second", "first"]);
});

test("closing again does nothing", async () => {
  const { order, closing } = recorded();
  await closing.close().catch(() => {});
  await closing.close();
  expect(order).toHaveLength(3);
});

test("after a failed start its cause is told, not what fails while closing", async () => {
  const { order, closing } = recorded();
  await expect(closing.closeAfter(new Error("no start"))).rejects.toThrow("no start");
  expect(order).toHaveLength(3);
});
