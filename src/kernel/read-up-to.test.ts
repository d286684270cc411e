import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readUpTo } from "./read-up-to.ts";

test("the whole body, or its beginning and that there is more, in whatever pieces it comes", async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(40), async (chunks, maxBytes) => {
      const all = Buffer.concat(chunks);
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk);
          controller.close();
        },
      });
      const { bytes, isWhole } = await readUpTo(body, maxBytes);
      expect(Buffer.from(bytes)).toEqual(all.subarray(0, maxBytes));
      expect(isWhole).toBe(all.length <= maxBytes);
    }),
  );
});

test("a body that never ends is left when enough of it was read; no body is empty", async () => {
  const left = Promise.withResolvers<void>();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100)),
    cancel: () => left.resolve(),
  });
  expect(await readUpTo(endless, 250)).toEqual({ bytes: new Uint8Array(250), isWhole: false });
  await left.promise;
  expect(await readUpTo(null, 10)).toEqual({ bytes: new Uint8Array(0), isWhole: true });
});
