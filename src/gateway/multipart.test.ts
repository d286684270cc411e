// The model of a form is found wherever it stands, and no byte of the form is changed.
import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { systemRandomness } from "../kernel/index.ts";
import { BodyKeeping } from "./body-keeping.ts";
import { BodyMemory } from "./body-memory.ts";
import { readMultipart, readWholeForm } from "./multipart.ts";

const TYPE = "multipart/form-data; boundary=b";

const disposition = (name: string) => `Content-Disposition: form-data; name="${name}"`;
const part = (head: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
const file = (sizeBytes: number) =>
  part(`name="file"; filename="a"\r\nContent-Type: audio/wav`, "x".repeat(sizeBytes));
const model = part(`name="model"`, "whisper-1");

function inPieces(text: string, pieceBytes: number): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, at + pieceBytes)));
      at += pieceBytes;
    },
  });
}

async function read(text: string, pieceBytes = 10_000) {
  const share = new BodyMemory({ limitBytes: 1e9 }).share();
  const keeping = new BodyKeeping(share, { folder: tmpdir(), randomness: systemRandomness });
  const form = await readMultipart(inPieces(text, pieceBytes), TYPE, 1e9, keeping);
  return { model: form.model, body: Buffer.from(await new Response(form.body).arrayBuffer()).toString() };
}

test.each([
  ["before a big file", `${model}${file(300_000)}--b--\r\n`],
  ["behind a big file", `${file(300_000)}${model}--b--\r\n`],
  ["in a small form", `${file(3)}${model}--b--\r\n`],
])("the model %s", async (_, text) => {
  expect(await read(text)).toEqual({ model: "whisper-1", body: text });
  const small = text.length < 1000 ? 1 : 977;
  expect(await read(text, small)).toEqual({ model: "whisper-1", body: text });
});

test.each([
  ["at once", `${model}${model}--b--\r\n`],
  ["behind a big file, when the beginning has gone on", `${model}${file(300_000)}${model}--b--\r\n`],
  ["as a file", `${model}${part(`name="model"; filename="m"`, "evil")}--b--\r\n`],
  ["with escapes", `${model}${part(`name="mo\\del"`, "evil")}--b--\r\n`],
  ["in other letters", `${model}${part(`name=Model`, "evil")}--b--\r\n`],
])("a second model %s is ambiguous, however the form is cut", async (_, text) => {
  for (const pieceBytes of text.length > 1000 ? [977, 100_000] : [1, 2, 3, 7, 1000]) {
    await expect(read(text, pieceBytes)).rejects.toMatchObject({ code: "ambiguous_body" });
  }
});

test.each([
  ["line feeds alone between parts", `--b\n${disposition("model")}\n\nevil\n${model}--b--\r\n`],
  ["a line feed in a head", `--b\r\nX: y\n${disposition("model")}\n\nevil\r\n${model}--b--\r\n`],
  [
    "a folded header",
    `${model}--b\r\nContent-Disposition: form-data;\r\n name="model"\r\n\r\nevil\r\n--b--\r\n`,
  ],
  ["two names in one part", `${model}${part(`name="x"; name="model"`, "evil")}--b--\r\n`],
  ["an encoded name", `${model}${part("name*=utf-8''model", "evil")}--b--\r\n`],
  [
    "two dispositions",
    `${model}--b\r\n${disposition("x")}\r\n${disposition("model")}\r\n\r\nevil\r\n--b--\r\n`,
  ],
  ["text in front", `x${model}--b--\r\n`],
  ["a form behind the form", `${model}--b--\r\n${model}--b--\r\n`],
  ["a boundary that goes on", `${model}--bb\r\n${disposition("model")}\r\n\r\nevil\r\n--b--\r\n`],
  ["a delimiter in the middle of a line", `${part(`name="x"`, "y--b\r\n")}${model}--b--\r\n`],
  ["a model of 2000 bytes", `${part(`name="model"`, "m".repeat(2000))}--b--\r\n`],
  ["no end", model],
])("a form that could be read in two ways is refused: %s", async (_, text) => {
  for (const pieceBytes of [1, 3, 1000]) {
    await expect(read(text, pieceBytes)).rejects.toMatchObject({ code: "invalid_input" });
  }
});

test("a thousand parts are read, a form of more is refused however it is cut", async () => {
  const fields = (count: number) => `${model}${part("name=x", "").repeat(count)}--b--\r\n`;
  expect(await read(fields(999))).toEqual({ model: "whisper-1", body: fields(999) });
  await expect(read(fields(1000))).rejects.toMatchObject({ code: "invalid_input" });
  await expect(read(fields(1000), 977)).rejects.toMatchObject({ code: "invalid_input" });
});

test("what clients do write is read: an empty field, quotes in a file's name, a line end in front", async () => {
  const text = `\r\n${part(`name="prompt"`, "")}${part(`name="file"; filename="a\\"b.wav"`, "x")}${model}--b--\r\n`;
  expect(await read(text, 1)).toEqual({ model: "whisper-1", body: text });
});

test("a form at hand is read as strictly as one that comes in pieces", () => {
  const text = Buffer.from(`${file(3)}${model}--b--\r\n`);
  expect(readWholeForm(text, TYPE)).toEqual({ model: "whisper-1", body: text, sizeBytes: text.length });
  for (const [wrong, code] of [
    [`${model}${model}--b--\r\n`, "ambiguous_body"],
    [model, "invalid_input"],
    ["", "invalid_input"],
  ] as const) {
    expect(() => readWholeForm(Buffer.from(wrong), TYPE)).toThrow(expect.objectContaining({ code }));
  }
});
