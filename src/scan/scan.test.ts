import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { AppError, systemRandomness, utf8 } from "../kernel/index.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";
import { type Finding, findingDocument, type ScanEvent } from "./finding.ts";
import { groupFindings } from "./group.ts";
import type { ScanNotice } from "./notice.ts";
import type { Origin } from "./origin.ts";
import { BASE62, BASE64URL, sample } from "./rules/sample.ts";
import { scan } from "./scan.ts";
import type { ScanOptions } from "./scan-options.ts";
import { type SourceStream, streamOf } from "./source.ts";

const groq = (seed: number) => `gsk_${sample(52, BASE62, seed)}`;

function file(path: string, content: string | Uint8Array, origin: Partial<Origin> = {}): SourceStream {
  return streamOf({ kind: "file", path, ...origin }, typeof content === "string" ? utf8(content) : content);
}

async function run(streams: readonly (SourceStream | ScanNotice)[], options: Partial<ScanOptions> = {}) {
  const events: ScanEvent[] = [];
  const source = {
    name: "test",
    async *items() {
      yield* streams;
    },
  };
  for await (const event of scan({ sources: [source], randomness: systemRandomness, ...options }))
    events.push(event);
  return {
    findings: events.filter((event): event is Finding => event.type === "finding"),
    notices: events.filter((event) => event.type === "notice"),
  };
}

test("a finding says what, where and what to do, and nothing of it prints the secret", async () => {
  const key = groq(1);
  const { findings } = await run([file("a/.env", `\nGROQ_API_KEY=${key}\n`, { readers: "owner" })]);
  const [finding] = findings;
  expect(findings.length).toBe(1);
  expect(finding).toMatchObject({
    rule: "groq",
    provider: "groq",
    severity: "high",
    line: 2,
    column: 14,
    form: "plain",
  });
  expect(finding?.secret?.reveal()).toBe(key);
  if (!finding) return;
  expect(findingDocument(finding)).toEqual({
    rule: "groq",
    title: "Groq key",
    severity: "high",
    path: "a/.env",
    line: 2,
    column: 14,
    masked: `gsk_…${key.slice(-4)}`,
    readers: "owner",
    fix: finding.fix,
  });
  for (const text of [JSON.stringify(finding), inspect(finding, { depth: 9 }), String(finding.secret)]) {
    expect(text).not.toContain(key.slice(4, 20));
  }
});

test("what others can read is a step worse", async () => {
  const content = `k=${groq(1)}`;
  const readers = ["owner", "group", "everyone", "repository"] as const;
  const { findings } = await run(readers.map((who) => file(who, content, { readers: who })));
  expect(findings.map(({ severity }) => severity)).toEqual(["high", "critical", "critical", "critical"]);
});

test("the same key in five places is one key with five places; groups mean nothing in another run", async () => {
  const streams = ["a", "b", "c", "d", "e"].map((path) =>
    file(path, `x=${groq(1)}\ny=${groq(path.charCodeAt(0))}`, path === "c" ? { readers: "everyone" } : {}),
  );
  const { findings } = await run(streams);
  const [first, ...rest] = groupFindings(findings);
  expect(first?.places.map(({ origin }) => origin.path)).toEqual(["a", "b", "c", "d", "e"]);
  expect(first?.worst.origin.path).toBe("c");
  expect(rest.length).toBe(5);
  const again = groupFindings((await run(streams)).findings);
  expect(again[0]?.group).not.toBe(first?.group);
});

test("a baseline leaves out what was accepted, wherever its line is now, and nothing else", async () => {
  const { findings } = await run([file("a", `x=${groq(1)}`), file("b", `x=${groq(1)}`)]);
  const text = writeBaseline(findings.slice(0, 1), systemRandomness);
  expect(text).not.toContain(groq(1).slice(4, 12));
  const baseline = readBaseline(text);
  const later = await run([file("a", `\n\n\nx=${groq(1)}\ny=${groq(2)}`), file("b", `x=${groq(1)}`)], {
    baseline,
  });
  expect(later.findings.map(({ origin, line }) => [origin.path, line])).toEqual([
    ["a", 5],
    ["b", 1],
  ]);
});

describe("a baseline that is none is refused", () => {
  test.each([
    "",
    "[]",
    "{}",
    '{"version":1}',
    '{"version":1,"salt":"00","accepted":[]}',
    `{"version":1,"salt":"${"0".repeat(32)}","accepted":[{"path":1}]}`,
  ])("%s", (text) => {
    expect(() => readBaseline(text)).toThrow(expect.objectContaining({ code: "invalid_input" }));
  });

  test("one of a later version", () => {
    expect(() => readBaseline('{"version":2}')).toThrow(expect.objectContaining({ code: "newer_format" }));
  });
});

test("whatever a baseline file holds, it is read or refused with a message of its own", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"version":1,"salt":"${"0".repeat(32)}","accepted":${json}}`),
  );
  fc.assert(
    fc.property(text, (content) => {
      try {
        expect(typeof readBaseline(content).accepts).toBe("function");
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
  );
});

test("virtual keys are information, and only with their checksum", async () => {
  const key = `sk-ownkey-${sample(34)}`;
  const token = `sk-ownkey-t-${sample(90, BASE64URL)}A.${sample(85, BASE64URL)}A`;
  const streams = [file("a", `${key} ${token} sk-ownkey-${sample(34, BASE62, 2)}`, { readers: "everyone" })];
  const { findings } = await run(streams, { isVirtualKey: (text) => text === key });
  expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([
    ["virtual-key", "info"],
    ["virtual-key", "info"],
  ]);
});

test("UTF-16 of either order is read as text, with and without its mark", async () => {
  const text = `é "${groq(1)}"\r\n`.repeat(2);
  const little = Buffer.from(text, "utf16le");
  const big = Buffer.from(little).swap16();
  const { findings } = await run([
    file("le", little),
    file("be", big),
    file("le-mark", Buffer.concat([Buffer.of(0xff, 0xfe), little])),
    file("be-mark", Buffer.concat([Buffer.of(0xfe, 0xff), big])),
  ]);
  expect(findings.map(({ origin, line }) => `${origin.path} ${line}`)).toEqual(
    ["le", "be", "le-mark", "be-mark"].flatMap((path) => [`${path} 1`, `${path} 2`]),
  );
});

test("in lock files and minified code only secrets with a mark count", async () => {
  const named = `{"apiKey":"${sample(40)}","k":"${groq(1)}"}`;
  const minified = `var a=1;${"b();".repeat(500)}`;
  const { findings } = await run([
    file("package-lock.json", named),
    file("app.min.js", named),
    file("app.js", `${minified}${named}`),
    file("settings.json", named),
    file("ordinary.js", named),
  ]);
  expect(findings.map(({ rule, origin }) => [rule, origin.path])).toEqual([
    ["groq", "package-lock.json"],
    ["groq", "app.min.js"],
    ["groq", "app.js"],
    ["named-secret", "settings.json"],
    ["groq", "settings.json"],
    ["named-secret", "ordinary.js"],
    ["groq", "ordinary.js"],
  ]);
});

test("a stream that breaks gives a notice and what was found before; the scan goes on", async () => {
  const broken: SourceStream = {
    origin: { kind: "file", path: "broken" },
    *chunks() {
      yield utf8(`k=${groq(1)}\n`);
      throw Object.assign(new Error(`secret ${groq(2)}`), { code: "EIO" });
    },
  };
  const { findings, notices } = await run([broken, file("after", groq(3))]);
  expect(findings.map(({ origin }) => origin.path)).toEqual(["broken", "after"]);
  expect(notices).toEqual([
    { type: "notice", reason: "unreadable", path: "broken", message: "the disk cannot read it" },
  ]);
});

test("a stream with thousands of findings is cut, and says so", async () => {
  const keys = Array.from({ length: 600 }, (_, at) => groq(at + 1)).join("\n");
  const { findings, notices } = await run([file("many", keys)]);
  expect(findings.length).toBe(500);
  expect(notices.map(({ reason }) => reason)).toEqual(["too_many_findings"]);
});

test("a log full of one key hides no other one", async () => {
  const log = `${`GET / ${groq(1)}\n`.repeat(5000)}POST / ${groq(2)}\n`;
  const { findings, notices } = await run([file("a.log", log)]);
  const lines = Map.groupBy(findings, ({ group }) => group)
    .values()
    .map((places) => [places.length, places.at(-1)?.line]);
  expect([...lines]).toEqual([
    [50, 50],
    [1, 5001],
  ]);
  expect(notices).toEqual([]);
});

test("progress counts, and a scan ends when told to", async () => {
  const controller = new AbortController();
  const paths: string[] = [];
  const { findings } = await run(
    ["a", "b", "c"].map((path) => file(path, groq(1))),
    {
      signal: controller.signal,
      onProgress: ({ path, streams, findings: count, sizeBytes }) => {
        paths.push(path);
        expect([streams, count]).toEqual([paths.length, paths.length]);
        expect(sizeBytes).toBe(paths.length * groq(1).length);
        if (path === "b") controller.abort();
      },
    },
  );
  expect(paths).toEqual(["a", "b"]);
  expect(findings.length).toBe(2);
});
