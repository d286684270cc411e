import { expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { createMeter, meterWhole } from "./meter.ts";
import { cutAt, metered, meterOptions } from "./usage.testing.ts";

const USAGE = '{"model":"m-1","usage":{"in":3,"out":4}}';
const expected = {
  final: true,
  modelAnswered: "m-1",
  usage: { inputUncached: 3, output: 4, cacheRead: null },
};

const STREAM =
  '\ufeff: comment\n\ndata: {"model":"m-1","text":"grüße 🎉 über"}\n\n' +
  'event: delta\r\ndata: {"text":"\\"usage\\":{\\"in\\":9}"}\r\n\r\n' +
  'id: 7\rdata: {"text":"x",\rdata: "usage":null}\r\r' +
  'data: {"usage":{"in":3,\ndata: "out":4}}\n\ndata: [DONE]\n\n';

test("a stream tells the same wherever its bytes are cut and however its lines end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1000), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r", "as it is"),
      async (places, lineEnd) => {
        const text = lineEnd === "as it is" ? STREAM : STREAM.replaceAll(/\r\n|\n|\r/g, lineEnd);
        const result = await metered(meterOptions(), cutAt(Buffer.from(text), places));
        expect(result).toMatchObject(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test("a stream cut into single bytes tells the same", async () => {
  const bytes = Buffer.from(STREAM);
  expect(await metered(meterOptions(), cutAt(bytes, [...bytes.keys()]))).toMatchObject(expected);
});

test("a cut stream without usage gives none, and is not final", async () => {
  const result = await metered(meterOptions(), ['data: {"model":"m-1"}\n\ndata: {"usage":{"in":3,"o']);
  expect(result).toMatchObject({ usage: null, final: false, modelAnswered: "m-1" });
});

test("a last event without its blank line is still read", async () => {
  expect(await metered(meterOptions(), [`data: ${USAGE}`])).toMatchObject(expected);
});

test("the first event of each name is read, so that a model named only there is known", async () => {
  const result = await metered(meterOptions(), [
    'event: start\ndata: {"model":"m-1"}\n\n',
    'event: delta\ndata: {"model":"not read"}\n\nevent: delta\ndata: {"model":"not read either"}\n\n',
    'event: end\ndata: {"model":"m-2"}\n\n',
  ]);
  expect(result.modelAnswered).toBe("m-2");
});

test("an event larger than the buffer is survived, and usage is saved from its end", async () => {
  const huge = `{"type":"done","model":"m-1","text":"${"y".repeat(9 * 1024 * 1024)}","usage":{"in":3,"out":4}}`;
  const bytes = Buffer.from(`data: {"model":"m-0"}\n\nevent: done\ndata: ${huge}\n\n`);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  );
  expect(await metered(meterOptions(), chunks)).toMatchObject(expected);
  const later = await metered(meterOptions(), [...chunks, 'data: {"usage":{"in":30,"out":40}}\n\n']);
  expect(later.usage).toMatchObject({ inputUncached: 30, output: 40 });
});

test.each([
  ["OpenAI or Gemini", 'data: {"error":{"message":"boom"}}\n\n'],
  ["Anthropic", 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'],
  ["Responses", 'event: response.failed\ndata: {"response":{"error":{"code":"x"}}}\n\n'],
  ["a bare text", 'data: {"a":1}\n\ndata: {"error":"boom"}\n\n'],
])("an error inside a 200 stream is seen: %s", async (_name, text) => {
  expect((await metered(meterOptions(), [text])).errorSeen).toBe(true);
});

test('"error":null is no error', async () => {
  const result = await metered(meterOptions(), ['data: {"response":{"error":null},"error":null}\n\n']);
  expect(result.errorSeen).toBe(false);
});

test.each(["application/json", "application/json; charset=utf-8", "text/event-stream", null])(
  "a plain JSON answer is read, whatever its content type says: %p",
  async (contentType) => {
    const options = meterOptions({ contentType });
    expect(await metered(options, cutAt(Buffer.from(`\n ${USAGE}\n`), [5, 9, 20]))).toMatchObject(expected);
  },
);

test("a JSON answer beyond the buffer tells its usage from its end, and is final only when complete", async () => {
  const start = `{"model":"m-1","data":"${"z".repeat(9 * 1024 * 1024)}"`;
  const options = meterOptions({ contentType: "application/json" });
  expect(await metered(options, [`${start},"usage":{"in":3,"out":4}}`])).toMatchObject(expected);
  expect(await metered(options, [`${start},"usage":{"in":3,"out":4},"more`])).toMatchObject({ final: false });
  expect(await metered(options, [start])).toMatchObject({ usage: null, final: false });
});

test("a JSON answer cut in the middle is never final", async () => {
  const options = meterOptions({ contentType: "application/json" });
  const result = await metered(options, ['{"model":"m-1","usage":{"in":3,"out":4},"text":"abc']);
  expect(result).toMatchObject({ ...expected, final: false });
});

test("a JSON array is read element by element, wherever it is cut", async () => {
  const text = `[{"model":"m-1","text":"a ] } \\" ["}\n,\r\n{"nested":[{"x":[1]}]},\n${USAGE}\n]`;
  const bytes = Buffer.from(text);
  const options = meterOptions({ contentType: "application/json" });
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await metered(options, [bytes.subarray(0, cut), bytes.subarray(cut)])).toMatchObject(expected);
  }
});

test("newline-delimited JSON is read line by line", async () => {
  const options = meterOptions({ contentType: "application/x-ndjson" });
  const bytes = Buffer.from(`{"model":"m-1"}\n{"text":"x"}\n${USAGE}`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await metered(options, [bytes.subarray(0, cut), bytes.subarray(cut)])).toMatchObject(expected);
  }
});

test("sound, images and pages are not looked into", async () => {
  for (const contentType of ["audio/mpeg", "image/png", "text/html", "application/octet-stream"]) {
    expect(await metered(meterOptions({ contentType }), [USAGE])).toMatchObject({ usage: null });
  }
});

const CODINGS = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const;

test.each(CODINGS)("an answer compressed all the same is metered: %s", async (contentEncoding, compress) => {
  const bytes = compress(Buffer.from(STREAM));
  const options = meterOptions({ contentEncoding });
  expect(await metered(options, [bytes])).toMatchObject(expected);
  expect(await metered(options, cutAt(bytes, [3, 9, 40]))).toMatchObject(expected);
});

test.each(CODINGS)(
  "a cut or broken compressed answer ends without an error: %s",
  async (contentEncoding, compress) => {
    const bytes = compress(Buffer.from(STREAM));
    const options = meterOptions({ contentEncoding });
    expect(await metered(options, [bytes.subarray(0, 20)])).toMatchObject({ final: false });
    expect(await metered(options, ["no compressed data at all"])).toMatchObject({ usage: null });
    expect(await metered(options, [])).toMatchObject({ usage: null });
  },
);

test("a decompression bomb is dropped", async () => {
  const bomb = gzipSync(Buffer.concat([Buffer.alloc(70 * 1024 * 1024, 0x20), Buffer.from(USAGE)]));
  const options = meterOptions({ contentEncoding: "gzip", contentType: "application/json" });
  expect(await metered(options, [bomb])).toMatchObject({ usage: null, final: false });
});

test("an unknown encoding is passed over", async () => {
  expect(await metered(meterOptions({ contentEncoding: "compress" }), [USAGE])).toMatchObject({
    usage: null,
  });
});

test("a provider's reader that fails does not reach the answer", async () => {
  const broken = meterOptions();
  const provider = { ...broken.provider, readUsage: () => JSON.parse("{") as never };
  expect(await metered({ ...broken, provider }, [`data: ${USAGE}\n\n`, "data: {}\n\n"])).toMatchObject({
    usage: null,
  });
});

test("random bytes in random pieces never throw, whatever the content type and encoding", async () => {
  const alphabet = fc.constantFrom(...'\n\r:{}[]"\\,dataeventusagerro \u00ff\u00fe0123'.split(""));
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.array(alphabet, { maxLength: 80 }).map((letters) => Buffer.from(letters.join(""), "latin1")),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 10 }),
      fc.constantFrom("text/event-stream", "application/json", "application/x-ndjson", null),
      fc.constantFrom(null, "identity", "gzip", "br", "deflate", "zstd"),
      async (chunks, contentType, contentEncoding) => {
        const meter = createMeter(meterOptions({ contentType, contentEncoding }));
        for (const chunk of chunks) meter.push(chunk);
        expect(typeof (await meter.finish()).final).toBe("boolean");
      },
    ),
    { numRuns: 300 },
  );
});

test("an answer that is here as a whole tells the same as one that comes in pieces", async () => {
  const alphabet = fc.constantFrom(
    ...'\n:{}[]"\\, 01'.split(""),
    '"usage":{"in":3,"out":4}',
    '"model":"m-1"',
    '"error"',
  );
  const damaged = fc.array(alphabet, { maxLength: 30 }).map((parts) => `{${parts.join("")}`);
  const text = fc.oneof(
    fc.constantFrom(
      USAGE,
      ` ${USAGE}`,
      `[${USAGE}]`,
      `${USAGE}\n${USAGE}`,
      `data: ${USAGE}\n\n`,
      `\ufeff${USAGE}`,
      "{",
      "",
    ),
    damaged,
    fc.json(),
  );
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.constantFrom("application/json", "text/event-stream", "application/x-ndjson", "image/png", null),
      fc.constantFrom(null, "identity", "gzip"),
      async (text, contentType, contentEncoding) => {
        const plain = Buffer.from(text);
        const bytes = contentEncoding === "gzip" ? gzipSync(plain) : plain;
        const options = meterOptions({ contentType, contentEncoding });
        expect(await meterWhole(options, bytes)).toEqual(await metered(options, [bytes]));
      },
    ),
    { numRuns: 500 },
  );
});

test("a provider's reader that fails on a whole answer does not reach it either", async () => {
  const broken = meterOptions({ contentType: "application/json" });
  const provider = { ...broken.provider, readUsage: () => JSON.parse("{") as never };
  expect(await meterWhole({ ...broken, provider }, Buffer.from(USAGE))).toMatchObject({ usage: null });
});
