import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { lineOf, messagesIn, type Order } from "./messages.ts";

async function read(chunks: readonly Uint8Array[]): Promise<Order[]> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return await Array.fromAsync(messagesIn<Order>(stream));
}

test("messages arrive whole, however the pipe cuts them", async () => {
  const orders: Order[] = [
    { kind: "session", id: "ses_ä\n€", open: true },
    { kind: "lock", mark: 1, reason: "explicit" },
    { kind: "committed" },
  ];
  const bytes = Buffer.from(orders.map(lineOf).join(""));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(await read(chunks)).toEqual(orders);
    }),
    { numRuns: 50 },
  );
});

test("what was cut off at the end is no message", async () => {
  expect(await read([Buffer.from('{"kind":"committed"}\n{"kind":"sto')])).toEqual([{ kind: "committed" }]);
});
