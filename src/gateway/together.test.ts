import { expect, test } from "bun:test";
import { together } from "./together.ts";

test("who comes in the same turn goes on in the order of coming; who asks from there waits for the next turn", async () => {
  const order: string[] = [];
  const step = async (name: string) => {
    await together();
    order.push(name);
    await together();
    order.push(`${name} again`);
  };
  await Promise.all([step("first"), step("second")]);
  expect(order).toEqual(["first", "second", "first again", "second again"]);
});
