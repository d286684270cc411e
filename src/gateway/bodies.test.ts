// All bodies under way together: within the memory there is, through a file where the model comes late, and given back
// whatever comes of the request.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { openFiles, showsOpenFiles } from "../../test/support/open-files.ts";
import { until } from "../../test/support/ownkey.ts";
import { chunked, json, rawBytes, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import { Rates } from "../budgets/index.ts";
import { AppError, systemClock, systemRandomness } from "../kernel/index.ts";
import type { BodyKeeperOptions } from "./body-keeping.ts";
import { connection, startGateway, type TestGateway, VIRTUAL_KEY, virtualKey } from "./gateway.testing.ts";

const MIB = 1024 * 1024;
const USED = { model: "gpt-x", choices: [], usage: { prompt_tokens: 2, completion_tokens: 3 } };

const folder = mkdtempSync(join(tmpdir(), "ownkey-bodies-"));
let upstream: Upstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(json(200, USED));
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Memory for so much; a request waits for it for a minute, which no test does. */
function start(bodies: Partial<BodyKeeperOptions>, baseUrl = upstream.url): void {
  const settings = { baseUrl };
  gateway = startGateway({
    connections: [connection("openai", "openai", settings), connection("anthropic", "anthropic", settings)],
    rates: new Rates({ clock: systemClock }),
    bodies: { folder, waitMs: 60_000, ...bodies },
  });
}

const chatOf = (sizeBytes: number, more: object = {}) =>
  JSON.stringify({
    model: "gpt-x",
    messages: [{ role: "user", content: "x".repeat(sizeBytes) }],
    ...more,
  });

const ask = (sizeBytes: number, more: object = {}) =>
  gateway.post("/v1/chat/completions", chatOf(sizeBytes, more));

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

/** A provider that answers nobody before it is told to. */
function holding(): { release(): void } {
  const gate = Promise.withResolvers<void>();
  upstream.behave(async (arrived, socket) => {
    await gate.promise;
    await json(200, USED)(arrived, socket);
  });
  return { release: gate.resolve };
}

const arrived = (amount: number) => until(() => upstream.arrived.length >= amount, `${amount} have arrived`);
const givenBack = () => until(() => gateway.bodies.usedBytes === 0, "all memory is given back");

describe("memory", () => {
  test("twenty large bodies at once stay within the limit, and all of them get through in turn", async () => {
    let most = 0;
    let together = 0;
    start({ limitBytes: 4 * MIB });
    upstream.behave(async (one, socket) => {
      most = Math.max(most, gateway.bodies.usedBytes);
      together = Math.max(together, gateway.gateway.inFlight());
      await json(200, USED)(one, socket);
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(MIB)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(together).toBeGreaterThan(3);
    expect(most).toBeGreaterThan(MIB);
    expect(most).toBeLessThanOrEqual(4 * MIB);
    expect(gateway.bodies.usedBytes).toBe(0);
  });

  test("who finds no room in time is told when to come again, in the caller's dialect, and nothing is sent", async () => {
    start({ limitBytes: 2 * MIB, waitMs: 20 });
    const provider = holding();
    const first = ask(MIB);
    await arrived(1);
    const openai = await ask(MIB);
    expect([openai.status, openai.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(openai.headers.get("x-should-retry")).toBeNull();
    expect(await codeOf(openai)).toBe("overloaded");
    const anthropic = await gateway.post("/v1/messages", chatOf(MIB), { "anthropic-version": "2023-06-01" });
    expect([anthropic.status, anthropic.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await anthropic.json()).toMatchObject({ type: "error", error: { code: "overloaded" } });
    expect(gateway.gateway.metrics()).toContain(`ownkey_gateway_errors_total{code="overloaded"} 2`);
    provider.release();
    expect((await first).status).toBe(200);
    expect(upstream.arrived).toHaveLength(1);
    expect((await ask(MIB)).status).toBe(200);
  });

  test("official SDKs come again by themselves, and get through", async () => {
    start({ limitBytes: 2 * MIB, waitMs: 20 });
    const provider = holding();
    const first = ask(MIB);
    await arrived(1);
    const messages = [{ role: "user" as const, content: "x".repeat(MIB) }];
    const openai = new OpenAI({ apiKey: VIRTUAL_KEY, baseURL: `${gateway.url}/v1` });
    const anthropic = new Anthropic({ apiKey: VIRTUAL_KEY, baseURL: gateway.url });
    const answers = [
      openai.chat.completions.create({ model: "gpt-x", messages }),
      anthropic.messages.create({ model: "claude-x", max_tokens: 10, messages }),
    ];
    const refused = `ownkey_gateway_errors_total{code="overloaded"} 2`;
    await until(() => gateway.gateway.metrics().includes(refused), "both are refused");
    provider.release();
    expect(await Promise.all(answers)).toMatchObject([USED, USED]);
    expect((await first).status).toBe(200);
  }, 20_000);

  test("a body larger than all of it is refused at once, and says which setting counts", async () => {
    start({ limitBytes: MIB });
    const answer = await ask(2 * MIB);
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([413, "false"]);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("too_large");
    expect(error.message).toContain("bodyMemoryMb");
    const stream = await gateway.send("/v1/chat/completions", {
      method: "POST",
      body: streamOf(chatOf(2 * MIB)),
    });
    expect([stream.status, await codeOf(stream)]).toEqual([413, "too_large"]);
    await givenBack();
  });

  test("small bodies are not counted, and pass while there is no room for large ones", async () => {
    start({ limitBytes: MIB });
    const provider = holding();
    const large = ask(MIB - 1000);
    await arrived(1);
    const counted = gateway.bodies.usedBytes;
    expect(gateway.gateway.metrics()).toContain(`ownkey_gateway_body_bytes ${counted}`);
    const small = ask(60_000);
    await arrived(2);
    expect(gateway.bodies.usedBytes).toBe(counted);
    provider.release();
    expect([(await large).status, (await small).status]).toEqual([200, 200]);
  });

  test("a small body that is compressed counts as what it becomes, and one without a length as what came", async () => {
    start({ limitBytes: 4 * MIB });
    const provider = holding();
    const compressed = gateway.send("/v1/chat/completions", {
      method: "POST",
      body: shrunk(2 * MIB),
      headers: { "content-encoding": "gzip" },
    });
    await arrived(1);
    expect(gateway.bodies.usedBytes).toBeGreaterThan(2 * MIB);
    expect(gateway.bodies.usedBytes).toBeLessThan(2.2 * MIB);
    const streamed = gateway.send("/v1/chat/completions", { method: "POST", body: streamOf(chatOf(MIB)) });
    await arrived(2);
    expect(gateway.bodies.usedBytes).toBeGreaterThan(3 * MIB);
    provider.release();
    expect([(await compressed).status, (await streamed).status]).toEqual([200, 200]);
    const larger = await gateway.send("/v1/chat/completions", {
      method: "POST",
      body: shrunk(8 * MIB),
      headers: { "content-encoding": "gzip" },
    });
    expect(larger.status).toBe(413);
    expect(await larger.text()).toContain("bodyMemoryMb");
    expect(gateway.bodies.usedBytes).toBe(0);
  });
});

describe("callers that announce much and send little", () => {
  test("do not keep others out, and may still send what they have announced", async () => {
    start({ limitBytes: 4 * MIB });
    const body = Buffer.from(chatOf(2 * MIB - 100));
    const slow = [sendPart(body.length, 0), sendPart(body.length, 0)];
    await until(() => gateway.bodies.usedBytes > 3 * MIB, "all room is taken");
    const answers = await Promise.all([ask(MIB), ask(MIB)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const [first] = slow;
    first?.write(body);
    await arrived(3);
    expect(upstream.arrived[2]?.body.equals(body)).toBe(true);
    for (const caller of slow) caller.destroy();
    await givenBack();
  });
});

describe("what a request held is given back", () => {
  test("when the provider has answered, while the answer still streams", async () => {
    start({ limitBytes: 4 * MIB });
    const end = Promise.withResolvers<void>();
    upstream.behave(
      chunked(
        (async function* () {
          yield "data: 1\n\n";
          await end.promise;
        })(),
      ),
    );
    const answer = await ask(MIB, { stream: true });
    expect(gateway.bodies.usedBytes).toBe(0);
    end.resolve();
    expect(await answer.text()).toBe("data: 1\n\n");
  });

  test.each<[string, number, () => Promise<Response>]>([
    ["has no model that it may use", 403, () => withPolicy({ models: ["gpt-y"] })],
    ["is over a rate limit", 429, () => withPolicy({ rateLimits: { requestsPerMinute: 0 } })],
    ["is no JSON", 400, () => gateway.post("/v1/chat/completions", `${chatOf(MIB)}}`)],
    ["has a coding that is not carried", 501, () => coded("compress")],
    ["does not match its coding", 400, () => coded("gzip")],
    ["cannot be recorded", 503, () => unrecorded()],
    ["finds the vault locked", 503, () => locked()],
  ])("by one that %s", async (_, status, send) => {
    start({ limitBytes: 4 * MIB });
    expect((await send()).status).toBe(status);
    expect(gateway.bodies.usedBytes).toBe(0);
    expect(upstream.arrived).toHaveLength(0);
  });

  test("by one whose provider cannot be reached, after the second attempt", async () => {
    start({ limitBytes: 4 * MIB });
    await upstream.close();
    expect((await ask(MIB)).status).toBe(502);
    expect(await gateway.ledger.settledRows(2)).toHaveLength(2);
    expect(gateway.bodies.usedBytes).toBe(0);
  });

  test("by one whose provider breaks off", async () => {
    start({ limitBytes: 4 * MIB });
    upstream.behave(rawBytes(""));
    expect((await ask(MIB)).status).toBe(502);
    expect(gateway.bodies.usedBytes).toBe(0);
  });

  test("by a caller that leaves while it sends", async () => {
    start({ limitBytes: 4 * MIB });
    const caller = sendPart(MIB, 100_000);
    await until(() => gateway.bodies.usedBytes > 0, "its room is taken");
    caller.destroy();
    await givenBack();
    await until(() => gateway.gateway.inFlight() === 0, "the request has ended");
  });

  test("by a caller that leaves while the provider thinks", async () => {
    start({ limitBytes: 4 * MIB });
    holding();
    const leaving = new AbortController();
    const answer = gateway.send("/v1/chat/completions", {
      method: "POST",
      body: chatOf(MIB),
      signal: leaving.signal,
    });
    await arrived(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await givenBack();
  });

  test("by a caller that leaves while it waits for room: who comes behind it is served", async () => {
    start({ limitBytes: 2 * MIB });
    const provider = holding();
    const first = ask(MIB);
    await arrived(1);
    const caller = sendPart(MIB + MIB / 2, 0);
    await until(() => gateway.gateway.inFlight() === 2, "it waits");
    const behind = ask(MIB / 2);
    caller.destroy();
    await arrived(2);
    provider.release();
    expect([(await first).status, (await behind).status]).toEqual([200, 200]);
    await givenBack();
  });

  const withPolicy = (policy: Parameters<typeof virtualKey>[0]) => {
    gateway.directory.keys.set(VIRTUAL_KEY, { virtualKey: virtualKey(policy), tool: null });
    return ask(MIB);
  };
  const coded = (coding: string) =>
    gateway.post("/v1/chat/completions", chatOf(MIB), { "content-encoding": coding });
  const unrecorded = () => {
    gateway.ledger.failWith(new AppError("storage_full", "the ledger is full"));
    return ask(MIB);
  };
  const locked = () => {
    gateway.directory.lock();
    return ask(MIB);
  };
});

describe("a form whose model stands behind its file", () => {
  test("of 60 MiB reaches the provider byte for byte, through a file that holds none of it in the clear", async () => {
    const canary = `canary ${Buffer.from(systemRandomness(12)).toString("hex")} `;
    const form = lateForm(Buffer.alloc(60 * MIB, canary));
    let onDisk = 0;
    let most = 0;
    const provider = hashingProvider(() => {
      most = Math.max(most, gateway.bodies.usedBytes);
      if (!showsOpenFiles || onDisk > 0) return;
      const [file] = openFiles(folder);
      const bytes = readFileSync(file ?? "");
      onDisk = bytes.length;
      expect(bytes.includes(canary.trim())).toBe(false);
      expect(readdirSync(folder)).toEqual([]);
    });
    start({ limitBytes: 4 * MIB }, provider.url);
    const answer = await sendForm(form);
    expect(answer.status).toBe(200);
    expect(provider.seen).toEqual([
      { sizeBytes: form.length, length: String(form.length), sha256: sha256(form) },
    ]);
    expect(most).toBeLessThan(MIB);
    if (showsOpenFiles) expect(onDisk).toBeGreaterThan(form.length);
    await until(() => openFiles(folder).length === 0, "the file is gone");
    expect(gateway.bodies.usedBytes).toBe(0);
    await provider.close();
  });

  test("without a model is kept the same way", async () => {
    const provider = hashingProvider(() => {});
    start({ limitBytes: 4 * MIB }, provider.url);
    const form = formOf([filePart(Buffer.alloc(3 * MIB))]);
    expect((await sendForm(form, "/v1/images/edits")).status).toBe(200);
    expect(provider.seen.map((one) => one.sha256)).toEqual([sha256(form)]);
    await provider.close();
  });

  test.each<[string, number, () => Promise<Response>]>([
    ["is refused for its model", 403, () => refusedModel()],
    ["names two models", 400, () => sendForm(formOf([filePart(Buffer.alloc(3 * MIB)), MODEL, MODEL]))],
    ["goes nowhere", 502, () => unreachable()],
    ["meets a provider that breaks off", 502, () => brokenOff()],
    ["meets a provider that refuses before it has read", 413, () => refusedEarly()],
  ])("that %s leaves no file open and no memory taken", async (_, status, send) => {
    start({ limitBytes: 4 * MIB });
    const answer = await send();
    expect(answer.status).toBe(status);
    await answer.text();
    await until(() => openFiles(folder).length === 0, "the file is gone");
    expect(gateway.bodies.usedBytes).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("whose caller leaves in the middle leaves no file open", async () => {
    start({ limitBytes: 4 * MIB });
    const form = lateForm(Buffer.alloc(20 * MIB));
    const caller = sendPart(form.length, 0, "/v1/audio/transcriptions", TYPE);
    caller.write(form.subarray(0, 5 * MIB));
    await until(() => gateway.gateway.inFlight() === 1, "it is being read");
    if (showsOpenFiles) await until(() => openFiles(folder).length === 1, "it goes into a file");
    caller.destroy();
    await until(() => openFiles(folder).length === 0, "the file is gone");
    await givenBack();
  });

  test("finds the disk full: a clear error that names no file, and nothing is sent", async () => {
    let spooled = 0;
    const smallDisk: typeof open = async (...args) =>
      new Proxy(await open(...args), {
        get(file, name) {
          if (name !== "write") return bound(file, name);
          return (bytes: Uint8Array, ...where: [number, undefined, number]) => {
            spooled += bytes.length;
            if (spooled > 2 * MIB) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
            return file.write(bytes, ...where);
          };
        },
      });
    start({ limitBytes: 4 * MIB, openFile: smallDisk });
    const answer = await sendForm(lateForm(Buffer.alloc(5 * MIB)));
    expect(answer.status).toBe(503);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("storage_full");
    expect(error.message).toContain("no room left on its disk");
    expect(error.message).not.toContain(folder);
    expect(upstream.arrived).toHaveLength(0);
    expect(openFiles(folder)).toEqual([]);
    expect(gateway.bodies.usedBytes).toBe(0);
  });

  const refusedModel = () => {
    gateway.directory.keys.set(VIRTUAL_KEY, { virtualKey: virtualKey({ models: ["other"] }), tool: null });
    return sendForm(lateForm(Buffer.alloc(3 * MIB)));
  };
  const unreachable = async () => {
    await upstream.close();
    return await sendForm(lateForm(Buffer.alloc(3 * MIB)));
  };
  const brokenOff = () => {
    upstream.behave(rawBytes(""));
    return sendForm(lateForm(Buffer.alloc(3 * MIB)));
  };
  const refusedEarly = async () => {
    const early = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.end("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        },
      },
    });
    gateway.directory.list.splice(
      0,
      2,
      connection("openai", "openai", { baseUrl: `http://127.0.0.1:${early.port}` }),
    );
    const answer = await sendForm(lateForm(Buffer.alloc(20 * MIB)));
    early.stop(true);
    return answer;
  };
});

const TYPE = "multipart/form-data; boundary=b";
const part = (head: string, content: Uint8Array) =>
  Buffer.concat([
    Buffer.from(`--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    content,
    Buffer.from("\r\n"),
  ]);
const filePart = (content: Uint8Array) => part(`name="file"; filename="a.wav"`, content);
const MODEL = part(`name="model"`, Buffer.from("whisper-1"));
const formOf = (parts: readonly Buffer[]) => Buffer.concat([...parts, Buffer.from("--b--\r\n")]);
const lateForm = (content: Uint8Array) => formOf([filePart(content), MODEL]);

const sendForm = (form: Buffer, path = "/v1/audio/transcriptions") =>
  gateway.send(path, { method: "POST", body: form, headers: { "content-type": TYPE } });

/** Compressed to about a hundredth, which is no bomb yet. */
function shrunk(sizeBytes: number): Uint8Array {
  const lines = Array.from({ length: sizeBytes / 256 }, (_, at) => `${at} ${"x".repeat(256)}`);
  const small = gzipSync(chatOf(0, { text: lines.join(" ") }));
  expect(small.length).toBeLessThan(sizeBytes / 32);
  return small;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A body without an announced length. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, (at += 100_000))));
    },
  });
}

/** A caller that announces so much and sends only a part of it. */
function sendPart(announced: number, sent: number, path = "/v1/chat/completions", type = "application/json") {
  const socket = connect(gateway.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nAuthorization: Bearer ${VIRTUAL_KEY}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${announced}\r\n\r\n${" ".repeat(sent)}`,
  );
  return socket;
}

/** Reads what comes without keeping it. */
function hashingProvider(reading: () => void) {
  const seen: { sizeBytes: number; length: string | null; sha256: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: 1024 * MIB,
    async fetch(request) {
      const hash = createHash("sha256");
      let sizeBytes = 0;
      for await (const piece of request.body ?? []) {
        reading();
        hash.update(piece);
        sizeBytes += piece.length;
      }
      seen.push({ sizeBytes, length: request.headers.get("content-length"), sha256: hash.digest("hex") });
      return Response.json(USED);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, seen, close: () => server.stop(true) };
}

function bound(file: FileHandle, name: string | symbol): unknown {
  const value: unknown = Reflect.get(file, name);
  return typeof value === "function" ? value.bind(file) : value;
}
