import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { indexOfBytes, textOfPart, toHex } from "./bytes.ts";

const bytesInside = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(8))
  // A view into a larger buffer, as bytes of the network are.
  .map(([bytes, before]) => new Uint8Array([...new Uint8Array(before), ...bytes, 1, 2]).subarray(before, -2));

test("search, text and hex of any bytes are those of a Buffer over them", () => {
  fc.assert(
    fc.property(
      bytesInside,
      fc.uint8Array({ minLength: 1, maxLength: 2 }),
      fc.nat(40),
      (bytes, wanted, from) => {
        const buffer = Buffer.from(bytes);
        expect(indexOfBytes(bytes, wanted, from)).toBe(buffer.indexOf(wanted, from));
        expect(textOfPart(bytes, from, bytes.length, "latin1")).toBe(buffer.toString("latin1", from));
        expect(textOfPart(bytes, 0, from)).toBe(buffer.toString("utf8", 0, from));
        expect(toHex(bytes)).toBe(buffer.toString("hex"));
      },
    ),
  );
});
