import { afterAll, expect, test } from "bun:test";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
  openSync,
  closeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { openFiles, showsOpenFiles } from "../../test/support/open-files.ts";
import { systemRandomness } from "../kernel/index.ts";
import { BodyKeeping } from "./body-keeping.ts";
import { BodyMemory } from "./body-memory.ts";
import { readMultipart } from "./multipart.ts";
import { clearSpools, Spool } from "./spool.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-spool-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const options = { folder, randomness: systemRandomness };

/** With room for the beginning of a form only. */
const begin = () => new BodyKeeping(new BodyMemory({ limitBytes: 2 * 1024 * 1024 }).share(), options);

const bytesOf = async (stream: ReadableStream<Uint8Array>) =>
  Buffer.from(await new Response(stream).arrayBuffer());

test("whatever was appended in whatever pieces comes back as it was", async () => {
  const piece = fc.oneof(fc.nat(10), fc.integer({ min: 60_000, max: 200_000 }), fc.constant(65_536));
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (sizes) => {
      const pieces = sizes.map((size) => systemRandomness(size));
      const spool = await Spool.open(options);
      for (const one of pieces) await spool.append(one);
      const whole = Buffer.concat(pieces);
      expect(spool.sizeBytes).toBe(whole.length);
      expect((await bytesOf(await spool.readAll())).equals(whole)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("the file has no name, holds nothing in the clear, and is gone after use", async () => {
  const spool = await Spool.open(options);
  await spool.append(Buffer.from("plain words. ".repeat(20_000)));
  expect(readdirSync(folder)).toEqual([]);
  if (showsOpenFiles) {
    const [path = ""] = openFiles(folder);
    expect(readFileSync(path).includes("plain words")).toBe(false);
  }
  await bytesOf(await spool.readAll());
  expect(openFiles(folder)).toEqual([]);
});

test.skipIf(!showsOpenFiles)("a byte changed in the file ends the reading before it goes on", async () => {
  for (const at of [0, 65_535, 65_536, 65_551, 65_552, 99_999]) {
    const spool = await Spool.open(options);
    await spool.append(Buffer.alloc(100_000, 1));
    const stream = await spool.readAll();
    const file = openSync(openFiles(folder)[0] ?? "", "r+");
    const [old = 0] = readFileSync(openFiles(folder)[0] ?? "").subarray(at, at + 1);
    writeSync(file, Buffer.from([old ^ 1]), 0, 1, at);
    closeSync(file);
    await expect(bytesOf(stream)).rejects.toMatchObject({ code: "corrupt" });
    expect(openFiles(folder)).toEqual([]);
  }
});

test("a request that ends closes a file that nobody has begun to read, and leaves one that is read", async () => {
  const refused = begin();
  await (await refused.openSpool()).append(new Uint8Array(10));
  refused.end();
  await Bun.sleep(0);
  const sent = begin();
  const spool = await sent.openSpool();
  await spool.append(Buffer.alloc(200_000, 7));
  const reader = (await spool.readAll()).getReader();
  let size = (await reader.read()).value?.length ?? 0;
  sent.end();
  for (let read = await reader.read(); !read.done; read = await reader.read()) size += read.value.length;
  expect(size).toBe(200_000);
  if (showsOpenFiles) expect(openFiles(folder)).toEqual([]);
});

test("a form with its model behind a large file goes through one, unchanged, with its size known", async () => {
  const head = `--boundary-of-a-test\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`;
  const tail = `\r\n--boundary-of-a-test\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--boundary-of-a-test--\r\n`;
  const whole = Buffer.concat([Buffer.from(head), systemRandomness(30 * 1024 * 1024), Buffer.from(tail)]);
  const keeping = begin();
  const form = await readMultipart(
    inPieces(whole),
    "multipart/form-data; boundary=boundary-of-a-test",
    1e9,
    keeping,
  );
  expect({ model: form.model, sizeBytes: form.sizeBytes }).toEqual({
    model: "whisper-1",
    sizeBytes: whole.length,
  });
  expect((await bytesOf(form.body as ReadableStream<Uint8Array>)).equals(whole)).toBe(true);
  keeping.end();
});

test("beyond the route's limit, or cut, the form is refused and its file is closed", async () => {
  const head = `--boundary-of-a-test\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`;
  const whole = Buffer.concat([Buffer.from(head), systemRandomness(5 * 1024 * 1024)]);
  const type = "multipart/form-data; boundary=boundary-of-a-test";
  const keeping = begin();
  const large = readMultipart(inPieces(whole), type, 4 * 1024 * 1024, keeping);
  await expect(large).rejects.toMatchObject({ code: "too_large" });
  keeping.end();
  const cut = readMultipart(inPieces(whole), type, 1e9, begin());
  await expect(cut).rejects.toMatchObject({ code: "invalid_input" });
  if (showsOpenFiles) expect(openFiles(folder)).toEqual([]);
});

test("what a process left behind is cleared away, and nothing else", () => {
  const left = join(folder, `.body-${"a".repeat(32)}.tmp`);
  const other = join(folder, "other.tmp");
  writeFileSync(left, "");
  writeFileSync(other, "");
  clearSpools(folder);
  expect(readdirSync(folder)).toEqual(["other.tmp"]);
  rmSync(other);
});

function inPieces(bytes: Buffer): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, (at += 100_000))));
    },
  });
}
