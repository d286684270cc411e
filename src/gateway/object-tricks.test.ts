// Objects that one virtual key stored at a provider stay out of the reach of another, whatever a request looks like.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { chunked, json, startUpstream, type Upstream, whole } from "../../test/support/upstream.ts";
import {
  connection,
  OTHER_VIRTUAL_KEY,
  startGateway,
  type TestGateway,
  VIRTUAL_KEY,
  virtualKey,
} from "./gateway.testing.ts";

let upstream: Upstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(json(200, {}));
  gateway = startGateway({
    connections: [
      connection("openai", "openai", { baseUrl: upstream.url }),
      connection("azure", "azure", { baseUrl: upstream.url, deployments: { small: "gpt-x" } }),
    ],
  });
  gateway.directory.keys.set(OTHER_VIRTUAL_KEY, { virtualKey: virtualKey({}, "vk_other"), tool: null });
  for (const [id, kind] of [
    ["file-mine", "file"],
    ["resp_mine", "response"],
  ] as const) {
    gateway.storedObjects.record({ id, kind, connectionId: "conn_openai", virtualKeyId: "vk_test" });
  }
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const as = (key: string, type = "application/json") => ({
  authorization: `Bearer ${key}`,
  "content-type": type,
});

test.each([
  { previous_response_id: "resp_mine" },
  { previous_response_id: ["resp_mine"] },
  { conversation: { previousResponseId: { id: "resp_mine" } } },
  { tools: [{ type: "code_interpreter", container: { type: "auto", file_ids: ["file-mine"] } }] },
  { training_file: "file-mine" },
  { contents: [{ parts: [{ fileData: { fileUri: "https://files.example.com/v1beta/files/file-mine" } }] }] },
])("a body that refers to another key's object is refused: %j", async (references) => {
  const body = { model: "gpt-x", input: "hi", ...references };
  const path = "/c/openai/v1/responses";
  expect((await gateway.post(path, body, as(OTHER_VIRTUAL_KEY))).status).toBe(404);
  expect(upstream.arrived).toHaveLength(0);
  expect((await gateway.post(path, body, as(VIRTUAL_KEY))).status).toBe(200);
});

test("another connection to the same provider is no way round", async () => {
  gateway.directory.list.push(connection("second", "openai", { baseUrl: upstream.url }));
  const body = { model: "gpt-x", input: "hi", previous_response_id: "resp_mine" };
  const answer = await gateway.post("/c/second/v1/responses", body, as(OTHER_VIRTUAL_KEY));
  expect(answer.status).toBe(404);
});

test("a body of a route opened by --paths is judged whatever type it claims to have", async () => {
  const opened = virtualKey({ paths: ["/v1/batches"] }, "vk_other");
  gateway.directory.keys.set(OTHER_VIRTUAL_KEY, { virtualKey: opened, tool: null });
  const body = { input_file_id: "file-mine", endpoint: "/v1/responses" };
  for (const type of ["application/json", "text/plain", "application/octet-stream"]) {
    const answer = await gateway.post("/c/openai/v1/batches", body, as(OTHER_VIRTUAL_KEY, type));
    expect([type, answer.status]).toEqual([type, 404]);
  }
  const plain = await gateway.post("/c/openai/v1/batches", "not JSON", as(OTHER_VIRTUAL_KEY, "text/plain"));
  expect(plain.status).toBe(200);
  expect(upstream.arrived.map((request) => request.body.toString())).toEqual(["not JSON"]);
});

test("where no form belongs, a form is no way round the reading of the body", async () => {
  const type = "multipart/form-data; boundary=b";
  const form = `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-x\r\n--b--\r\n`;
  expect((await gateway.post("/c/openai/v1/responses", form, as(VIRTUAL_KEY, type))).status).toBe(400);
  expect(upstream.arrived).toHaveLength(0);
});

test("more references than the store should be asked for are refused", async () => {
  const body = { model: "gpt-x", input: Array.from({ length: 1001 }, (_, n) => ({ file_id: `file-${n}` })) };
  expect((await gateway.post("/c/openai/v1/responses", body)).status).toBe(400);
});

test("an uploaded file is its maker's, also when the client takes compressed answers", async () => {
  upstream.behave((request, socket) => {
    const zipped = request.headers.get("accept-encoding")?.includes("gzip") === true;
    const plain = Buffer.from(JSON.stringify({ id: "file-new", object: "file" }));
    const body = zipped ? gzipSync(plain) : plain;
    const coding = zipped ? "Content-Encoding: gzip\r\n" : "";
    socket.write(`HTTP/1.1 200 OK\r\n${coding}Content-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  });
  const upload = {
    method: "POST",
    body: new Uint8Array([1]),
    headers: { "content-type": "application/octet-stream", "accept-encoding": "gzip" },
  };
  await (await gateway.send("/c/openai/v1/files", upload)).text();
  expect(gateway.storedObjects.objects.at(-1)).toMatchObject({ id: "file-new", virtualKeyId: "vk_test" });
});

test("a response whose beginning repeats long instructions is its maker's", async () => {
  const instructions = "y".repeat(100_000);
  const ask = async () =>
    await (await gateway.post("/c/openai/v1/responses", { model: "gpt-x", input: "hi" })).text();
  upstream.behave(json(200, { id: "resp_whole", object: "response", instructions }));
  await ask();
  const created = { type: "response.created", response: { id: "resp_stream", instructions } };
  upstream.behave(chunked([`event: response.created\ndata: ${JSON.stringify(created)}\n\n`]));
  await ask();
  expect(gateway.storedObjects.objects.slice(2).map(({ id }) => id)).toEqual(["resp_whole", "resp_stream"]);
});

test("an id that comes late, in crumbs, is found all the same", async () => {
  const text = JSON.stringify({ object: "response", output: "y".repeat(5000), id: "resp_late" });
  const crumbs = text.match(/.{1,100}/g) ?? [];
  upstream.behave(chunked(crumbs, { "content-type": "application/json" }));
  await (await gateway.post("/c/openai/v1/responses", { model: "gpt-x", input: "hi" })).text();
  expect(gateway.storedObjects.objects.at(-1)?.id).toBe("resp_late");
});

test("a list without end is not collected", async () => {
  const piece = `{"object":"list","data":[${" ".repeat(1_000_000)}`;
  upstream.behave(chunked(Array<string>(10).fill(piece), { "content-type": "application/json" }));
  expect((await gateway.send("/c/openai/v1/files")).status).toBe(502);
});

test("a list that is nested too deeply is not written anew", async () => {
  upstream.behave(whole(200, `{"data":[],"x":${"[".repeat(300)}${"]".repeat(300)}}`));
  expect((await gateway.send("/c/openai/v1/files")).status).toBe(502);
});

test("models named like members that every object has are ordinary names", async () => {
  for (const model of ["constructor", "__proto__", "toString"]) {
    const answer = await gateway.post("/c/azure/v1/chat/completions", { model, messages: [] });
    expect([model, answer.status]).toEqual([model, 200]);
  }
  const rows = await gateway.ledger.settledRows(3);
  expect(rows.map(({ reserved }) => reserved.modelRequested)).toEqual([
    "constructor",
    "__proto__",
    "toString",
  ]);
});
