// Sizes of pictures are read from the beginning of real files, and nothing else is taken for one.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../../../kernel/index.ts";
import { bounded, png, refused } from "../bounds.testing.ts";
import { imageSize } from "./image-size.ts";
import { dearestOf, geminiTiles, patches, tiles, visualTokens } from "./image-tokens.ts";

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** An application segment, a frame header of the kind, and what follows. */
function jpeg(
  width: number,
  height: number,
  frame = 0xc0,
  before: Uint8Array = new Uint8Array(),
): Uint8Array {
  const header = Buffer.from([0xff, frame, 0, 17, 8, 0, 0, 0, 0, 3]);
  header.writeUInt16BE(height, 5);
  header.writeUInt16BE(width, 7);
  return joined(new Uint8Array([0xff, 0xd8]), before, header, new Uint8Array(20));
}

const segment = (length: number) =>
  joined(new Uint8Array([0xff, 0xe1, (length + 2) >> 8, (length + 2) & 0xff]), new Uint8Array(length));

function gif(width: number, height: number, frame: readonly number[] = [0, 0, width, height]): Uint8Array {
  const uint16 = (value: number) => [value & 0xff, value >> 8];
  return joined(
    latin1("GIF89a"),
    new Uint8Array([...uint16(width), ...uint16(height), 0x80, 0, 0, 0, 0, 0, 0, 0, 0]),
    new Uint8Array([0x21, 0xf9, 4, 0, 0, 0, 0, 0, 0x2c, ...frame.flatMap(uint16), 0]),
  );
}

function webp(kind: "VP8 " | "VP8L" | "VP8X", width: number, height: number): Uint8Array {
  const head = joined(latin1("RIFF\0\0\0\0WEBP"), latin1(kind), new Uint8Array(4));
  if (kind === "VP8X") {
    const [w, h] = [width - 1, height - 1];
    return joined(
      head,
      new Uint8Array([0, 0, 0, 0, w & 255, (w >> 8) & 255, w >> 16, h & 255, (h >> 8) & 255, h >> 16, 0]),
    );
  }
  if (kind === "VP8L") {
    const packed = (width - 1) | ((height - 1) << 14);
    const numbers = [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255, (packed >>> 24) & 255];
    return joined(head, new Uint8Array([0x2f, ...numbers, 0, 0, 0, 0, 0, 0]));
  }
  return joined(
    head,
    new Uint8Array([0, 0, 0, 0x9d, 0x01, 0x2a, width & 255, width >> 8, height & 255, height >> 8, 0]),
  );
}

const SAMPLES = (width: number, height: number): Uint8Array[] => [
  bytes(png(width, height)),
  jpeg(width, height),
  jpeg(width, height, 0xc2, segment(60_000)),
  jpeg(width, height, 0xc1, new Uint8Array([0xff, 0xff, 0xff, 0x01])),
  gif(width, height),
  webp("VP8 ", width, height),
  webp("VP8L", width, height),
  webp("VP8X", width, height),
];

test("the size of each kind of file", () => {
  for (const [width, height] of [
    [1, 1],
    [640, 480],
    [16_000, 300],
  ] as const) {
    for (const file of SAMPLES(width, height)) expect(imageSize(file)).toEqual({ width, height });
  }
});

test("a frame beyond its screen counts", () => {
  expect(imageSize(gif(10, 10, [5, 0, 3000, 20]))).toEqual({ width: 3005, height: 20 });
});

test("sizes that cannot be are none", () => {
  expect(imageSize(bytes(png(0, 10)))).toBeUndefined();
  expect(imageSize(bytes(png(4_000_000_000, 10)))).toBeUndefined();
  expect(imageSize(jpeg(10, 0))).toBeUndefined();
  expect(imageSize(latin1("<svg width='9' height='9'>"))).toBeUndefined();
});

test("a file that is cut before its size has none, wherever it is cut", () => {
  for (const file of SAMPLES(640, 480)) {
    for (let length = 0; length < Math.min(file.length, 200); length++) {
      const size = imageSize(file.subarray(0, length));
      if (size !== undefined) expect(size).toEqual({ width: 640, height: 480 });
    }
  }
});

test("whatever the bytes, a reader gives a real size or none", () => {
  const start = fc.constantFrom(...SAMPLES(64, 64).map((file) => [...file.subarray(0, 40)]), []);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), fc.nat(60), (head, tail, at) => {
      const file = new Uint8Array([...head.slice(0, at), ...tail]);
      const size = imageSize(file);
      if (size === undefined) return;
      expect(size.width).toBeGreaterThan(0);
      expect(size.width).toBeLessThanOrEqual(65_535);
      expect(size.height).toBeGreaterThan(0);
    }),
    { numRuns: 3000 },
  );
});

test("whatever stands for base64, it is measured or refused, and nothing is thrown but our errors", () => {
  const text = fc.oneof(
    fc.base64String({ maxLength: 400 }),
    fc.string({ maxLength: 60 }),
    fc
      .tuple(fc.constantFrom(...SAMPLES(9, 9)), fc.nat(80), fc.string({ maxLength: 6 }))
      .map(([file, at, junk]) => {
        const base64 = Buffer.from(file).toString("base64");
        return base64.slice(0, at) + junk + base64.slice(at);
      }),
  );
  fc.assert(
    fc.property(text, (data) => {
      const source = { type: "base64", media_type: "image/png", data };
      const body = { max_tokens: 1, messages: [{ role: "user", content: [{ type: "image", source }] }] };
      try {
        if (refused("messages", body) === undefined)
          expect(bounded("messages", body).inputTokens).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 1000 },
  );
});

test("tokens by size: the published examples", () => {
  expect(tiles(85, 170)({ width: 1024, height: 1024 })).toBe(765);
  expect(tiles(85, 170)({ width: 2048, height: 4096 })).toBe(1105);
  expect(patches(100, 1536)({ width: 1024, height: 1024 })).toBe(1024);
  expect(patches(162, 1536)({ width: 1024, height: 1024 })).toBe(1659);
  expect(visualTokens(1568)({ width: 1000, height: 1000 })).toBe(1296);
  expect(visualTokens(4784)({ width: 8000, height: 8000 })).toBe(4784);
  expect(geminiTiles(0)({ width: 384, height: 384 })).toBeGreaterThanOrEqual(258);
  expect(geminiTiles(0)({ width: 960, height: 540 })).toBe(6 * 258);
  expect(dearestOf(tiles(85, 170), patches(100, 1536))({ width: 1024, height: 1024 })).toBe(1024);
});

test("a larger picture never costs less than is reckoned for it: bounds grow with each edge", () => {
  const rules = [patches(246, 1536), patches(120, 10_000), visualTokens(4784)];
  const edge = fc.integer({ min: 1, max: 9000 });
  fc.assert(
    fc.property(edge, edge, fc.nat(500), (width, height, more) => {
      for (const rule of rules) {
        expect(rule({ width: width + more, height })).toBeGreaterThanOrEqual(rule({ width, height }));
        expect(rule({ width, height: height + more })).toBeGreaterThanOrEqual(rule({ width, height }));
      }
    }),
  );
});
