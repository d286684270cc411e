// The model of a form is found wherever it stands, and no byte of the form is changed.
import { expect, test } from "bun:test";
import { AppError } from "../kernel/index.ts";
import { fieldIn, MAX_KEPT_BYTES, readMultipart } from "./multipart.ts";

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
  const form = await readMultipart(inPieces(text, pieceBytes), "multipart/form-data; boundary=b", 1e9);
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

test("a file named like the field is no field, and two models are ambiguous", async () => {
  const text = `${part(`name="model"; filename="m"`, "evil")}${model}--b--\r\n`;
  expect((await read(text)).model).toBe("whisper-1");
  expect(() => fieldIn(Buffer.from(`${model}${model}--b--\r\n`), "b", "model")).toThrow(AppError);
});

test("a form that does not say its model before too much file is refused", async () => {
  await expect(read(`${file(MAX_KEPT_BYTES + 1)}${model}--b--\r\n`, 1_000_000)).rejects.toMatchObject({
    code: "invalid_input",
  });
});
