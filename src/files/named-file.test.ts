import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeNamed } from "./named-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-named-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("writes the file", () => {
  writeNamed(join(folder, "a"), "text");
  expect(readFileSync(join(folder, "a"), "utf8")).toBe("text");
});

test("what stands in the way is told, with the path and what to do", () => {
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "folder/in"), { recursive: true });
  const refused = (path: string) => expect(() => writeNamed(join(folder, path), ""));
  refused("none/file").toThrow(expect.objectContaining({ code: "not_found", hint: expect.any(String) }));
  refused("file/file").toThrow(expect.objectContaining({ code: "conflict", hint: expect.any(String) }));
  refused("folder").toThrow(expect.objectContaining({ code: "conflict", hint: expect.any(String) }));
  expect(existsSync(join(folder, "folder/in"))).toBeTrue();
});

test.skipIf(process.getuid?.() === 0)("a folder that may not be written to is told", () => {
  const closed = join(folder, "closed");
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  expect(() => writeNamed(join(closed, "file"), "")).toThrow(expect.objectContaining({ code: "denied" }));
  chmodSync(closed, 0o700);
});
