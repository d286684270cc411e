// HTTP/1.1 as it arrives: the same whatever the cuts, and nothing that could be read in two ways.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { MalformedResponse, type ResponseHead, ResponseParser } from "./response-parser.ts";

interface Read {
  head: ResponseHead | undefined;
  body: string;
  ends: number;
  used: number;
  done: boolean;
}

function read(pieces: readonly string[], { method = "POST", close = false } = {}): Read {
  const seen: Read = { head: undefined, body: "", ends: 0, used: 0, done: false };
  const parser = new ResponseParser(method, {
    head: (head) => {
      expect(seen.head).toBeUndefined();
      seen.head = head;
    },
    piece: (bytes) => {
      expect(bytes.length).toBeGreaterThan(0);
      seen.body += Buffer.from(bytes).toString("latin1");
    },
    end: () => void seen.ends++,
  });
  for (const piece of pieces) seen.used += parser.push(Buffer.from(piece, "latin1"));
  if (close) parser.close();
  seen.done = parser.isDone;
  return seen;
}

const cuts = (text: string) =>
  Array.from({ length: text.length - 1 }, (_, at) => [text.slice(0, at + 1), text.slice(at + 1)]);

const CHUNKED =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nX-A: 1\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n00A\r\nworld\r\n 1!\r\n0\r\nx-t: 1\r\n\r\n";
const COUNTED = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
const INTERIM =
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200\r\ncontent-length: 0\r\n\r\n";

test("a response is the same wherever it is cut, byte by byte as well", () => {
  for (const [text, body] of [
    [CHUNKED, "hello world\r\n 1!"],
    [COUNTED, "hello"],
    [INTERIM, ""],
  ] as const) {
    for (const pieces of [[text], text.split(""), ...cuts(text)]) {
      const seen = read(pieces);
      expect(seen.body).toBe(body);
      expect(seen).toMatchObject({ ends: 1, done: true, used: text.length });
    }
  }
  expect(read([CHUNKED]).head?.headers).toEqual([
    ["transfer-encoding", "chunked"],
    ["x-a", "1"],
  ]);
});

test("bytes behind the response are not taken for its own", () => {
  expect(read([`${COUNTED}HTTP/1.1 200 OK\r\n`])).toMatchObject({
    body: "hello",
    used: COUNTED.length,
    done: true,
  });
  expect(read(`${CHUNKED}x`.split(""))).toMatchObject({ used: CHUNKED.length, ends: 1 });
});

test("answers without a body have none, whatever their length says", () => {
  expect(read(["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"], { method: "HEAD" })).toMatchObject({
    done: true,
  });
  expect(read(["HTTP/1.1 204 No Content\r\n\r\n"])).toMatchObject({ done: true, body: "" });
  expect(read(["HTTP/1.1 304 Not Modified\r\ncontent-length: 3\r\n\r\n"])).toMatchObject({ done: true });
});

test("without a length the end of the connection is the end of the body, with one it is a cut", () => {
  const open = read(["HTTP/1.1 200 OK\r\n\r\nab", "c"], { close: true });
  expect(open).toMatchObject({ body: "abc", ends: 1, done: true });
  expect(open.head?.keepAlive).toBe(false);
  expect(read(["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"], { close: true })).toMatchObject({
    ends: 0,
    done: false,
  });
  expect(
    read(["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"], { close: true }),
  ).toMatchObject({
    ends: 0,
    done: false,
  });
});

test("who keeps the connection open", () => {
  const keeps = (head: string) => read([`${head}\r\ncontent-length: 0\r\n\r\n`]).head?.keepAlive;
  expect(keeps("HTTP/1.1 200 OK")).toBe(true);
  expect(keeps("HTTP/1.1 200 OK\r\nConnection: x, Close")).toBe(false);
  expect(keeps("HTTP/1.0 200 OK")).toBe(false);
  expect(keeps("HTTP/1.0 200 OK\r\nconnection: keep-alive")).toBe(true);
});

test("where a body may follow that must not be there, the connection is not kept", () => {
  const keeps = (head: string, method = "POST") => read([`${head}\r\n\r\n`], { method }).head?.keepAlive;
  expect(keeps("HTTP/1.1 204 No Content")).toBe(true);
  expect(keeps("HTTP/1.1 204 No Content\r\ncontent-length: 0")).toBe(true);
  expect(keeps("HTTP/1.1 204 No Content\r\ncontent-length: 5")).toBe(false);
  expect(keeps("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked")).toBe(false);
  expect(keeps("HTTP/1.1 404 Not Found", "HEAD")).toBe(false);
});

test.each([
  "HTTP/2 200 OK\r\n\r\n",
  "HTTP/1.1 20 OK\r\n\r\n",
  "HTTP/1.1 200 OK\nx: y\n\n\r\n\r\n",
  "<html>no http</html>\r\n\r\n",
  "GET / HTTP/1.1\r\n\r\n",
  "HTTP/1.1 101 Switching\r\n\r\n",
  "HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n",
  "HTTP/1.1 200 OK\r\nx : 1\r\n\r\n",
  "HTTP/1.1 200 OK\r\n x: 1\r\n\r\n",
  "HTTP/1.1 200 OK\r\nx: 1\r\n folded\r\n\r\n",
  "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
  "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
  "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffff\r\n",
])("%j is refused, whole and byte by byte", (text) => {
  expect(() => read([text])).toThrow(MalformedResponse);
  expect(() => read(text.split(""))).toThrow(MalformedResponse);
});

test("what never ends is given up", () => {
  expect(() => read([`HTTP/1.1 200 OK\r\nx: ${"a".repeat(300_000)}`])).toThrow(MalformedResponse);
  const headers = (count: number) =>
    `HTTP/1.1 200 OK\r\n${Array.from({ length: count }, (_, at) => `x${at}:`).join("\r\n")}\r\n\r\n`;
  expect(read([headers(256)]).head?.headers).toHaveLength(256);
  expect(() => read([headers(257)])).toThrow(MalformedResponse);
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  expect(() => read([chunked, `1;${"x".repeat(9000)}`])).toThrow(MalformedResponse);
  expect(() => read([chunked, "0\r\n", ...("x: y\r\n".repeat(20_000).match(/.{1,6000}/gs) ?? [])])).toThrow(
    MalformedResponse,
  );
});

test("any body in any chunks and any pieces comes out as it went in", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }),
      (chunks, sizes) => {
        const wire = [
          "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
          ...chunks.map(
            (chunk) => `${chunk.length.toString(16)}\r\n${Buffer.from(chunk).toString("latin1")}\r\n`,
          ),
          "0\r\n\r\n",
        ].join("");
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < wire.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(wire.slice(at, at + size));
          at += size;
        }
        const seen = read(pieces);
        expect(Buffer.from(seen.body, "latin1")).toEqual(Buffer.concat(chunks));
        expect(seen).toMatchObject({ ends: 1, done: true });
      },
    ),
  );
});

test("garbage is refused or waited for, never anything else", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
      fc.boolean(),
      (garbage, behindHead) => {
        const pieces = garbage.map((bytes) => Buffer.from(bytes).toString("latin1"));
        try {
          read(behindHead ? ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", ...pieces] : pieces);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedResponse);
        }
      },
    ),
  );
});
