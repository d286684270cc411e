import { afterEach, beforeEach, expect, test } from "bun:test";
import { statSync } from "node:fs";
import * as fc from "fast-check";
import { environmentSource } from "./environment.ts";
import { parseProcessList } from "./process-list.ts";
import { eventsOf, findingsOf, groqKey, testFolder } from "./sources.testing.ts";

let folder: ReturnType<typeof testFolder>;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

function processOf(id: number, name: string, args: string[], variables: string[]): void {
  folder.write(`${id}/comm`, `${name}\n`);
  folder.write(`${id}/cmdline`, args.map((arg) => `${arg}\0`).join(""));
  folder.write(`${id}/environ`, variables.map((variable) => `${variable}\0`).join(""));
}

const places = async (source: ReturnType<typeof environmentSource>) =>
  (await findingsOf(source)).map(({ origin, severity }) => [origin.path, origin.readers, severity]);

test("on Linux a variable counts once however many processes inherit it; arguments are open to everyone", async () => {
  processOf(20, "node", ["node", "x.js"], ["PATH=/bin", `GROQ_API_KEY=${groqKey(1)}`]);
  processOf(3, "bash", ["bash"], [`GROQ_API_KEY=${groqKey(1)}`]);
  processOf(100, "tool", ["tool", "--key", groqKey(2)], []);
  folder.write("meminfo", groqKey(3));
  const userId = statSync(folder.path).uid;
  const options = { platform: "linux", processFolder: folder.path };
  expect(await places(environmentSource({ ...options, userId }))).toEqual([
    ["arguments of process 100 (tool)", "everyone", "critical"],
    ["GROQ_API_KEY in the environment of process 3 (bash) and 1 more", "owner", "high"],
  ]);
  expect(await places(environmentSource({ ...options, userId: userId + 1 }))).toEqual([]);
});

test("on macOS the list of processes is read", async () => {
  const list = ` 12 /usr/bin/node node x.js --verbose HOME=/Users/ada GROQ_API_KEY=${groqKey(1)} LANG=C\n\n 13 ps ps\n`;
  const source = environmentSource({
    platform: "darwin",
    userId: 1,
    listProcesses: () => Promise.resolve(list),
  });
  expect(await places(source)).toEqual([
    ["GROQ_API_KEY in the environment of process 12 (node)", "owner", "high"],
  ]);
});

test("elsewhere it is told that nothing can be read", async () => {
  const events = await eventsOf(environmentSource({ platform: "win32", userId: 1 }));
  expect(events).toMatchObject([{ type: "notice", reason: "source_failed" }]);
});

test("whatever the list holds, each of its parts comes from it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      for (const { args, variables } of parseProcessList(` 1 a ${text}`)) {
        for (const part of [...args, ...variables]) expect(text).toContain(part);
      }
    }),
  );
});

test.skipIf(process.platform !== "linux")("one's own processes can really be read", async () => {
  const child = Bun.spawn(["sleep", "60"], { env: { MY_GROQ: groqKey(7) } });
  try {
    const found = await places(environmentSource({ platform: "linux", userId: process.getuid?.() ?? 0 }));
    expect(found.map(([path]) => path)).toContain(
      `MY_GROQ in the environment of process ${child.pid} (sleep)`,
    );
  } finally {
    child.kill();
    await child.exited;
  }
});
