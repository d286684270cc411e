import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { concatBytes, utf8 } from "../kernel/index.ts";
import { isGeneratedFile, isMinified, isPackedFile } from "./content.ts";
import { entropyBits, isPlaceholder, looksGenerated } from "./plausible.ts";
import { BASE62, HEX, sample } from "./rules/sample.ts";
import { contentKind, Utf16Narrower } from "./text-encoding.ts";

test("UTF-16 is told from text and from binary content", () => {
  const text = "const a = 1;\r\n".repeat(50);
  const little = Buffer.from(text, "utf16le");
  expect(contentKind(utf8(text))).toEqual({ encoding: "bytes", binary: false });
  expect(contentKind(little)).toEqual({ encoding: "utf-16le", binary: false });
  expect(contentKind(Buffer.from(little).swap16())).toEqual({ encoding: "utf-16be", binary: false });
  expect(contentKind(Buffer.from("\u7f16\u8bd1".repeat(40), "utf16le"))).toEqual({
    encoding: "bytes",
    binary: false,
  });
  expect(contentKind(concatBytes(utf8("SQLite format 3"), new Uint8Array(100)))).toEqual({
    encoding: "bytes",
    binary: true,
  });
  expect(contentKind(new Uint8Array(0))).toEqual({ encoding: "bytes", binary: false });
});

test("however UTF-16 is cut, each of its units becomes one byte", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      (text, size, isBig) => {
        const little = Buffer.from(text, "utf16le");
        const bytes = isBig ? Buffer.from(little).swap16() : little;
        const narrower = new Utf16Narrower(isBig ? "utf-16be" : "utf-16le");
        const parts: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size)
          parts.push(narrower.narrow(bytes.subarray(at, at + size)));
        const expected = Array.from({ length: text.length }, (_, at) => {
          const unit = text.charCodeAt(at);
          return unit < 256 ? unit : 0x1a;
        });
        expect([...concatBytes(...parts)]).toEqual(expected);
      },
    ),
  );
});

test.each([
  ["a/package-lock.json", true],
  ["go.sum", true],
  ["x/app.min.js", true],
  ["bundle.js.map", true],
  [".env", false],
  ["settings.json", false],
  ["notes.lock.md", false],
])("%s is written by a program: %p", (path, expected) => {
  expect(isGeneratedFile(path)).toBe(expected);
});

test("a script with lines that nobody writes is minified, a configuration on one line is not", () => {
  const line = utf8("a();".repeat(600));
  expect(isMinified("app.js", line)).toBeTrue();
  expect(isMinified("settings.json", line)).toBeFalse();
  expect(isMinified("app.js", utf8("a();\n".repeat(600)))).toBeFalse();
  for (const [lineBytes, expected] of [
    [1500, false],
    [1501, true],
  ] as const) {
    const content = `short\n${"x".repeat(lineBytes)}\nshort`;
    expect([lineBytes, isMinified("app.css", utf8(content))]).toEqual([lineBytes, expected]);
  }
  expect(isPackedFile("photo.JPG")).toBeTrue();
  expect(isPackedFile("state.vscdb")).toBeFalse();
});

test("hardly any random key looks written or holds a placeholder", () => {
  const count = 1000;
  const values = (alphabet: string, length: number) =>
    Array.from({ length: count }, (_, at) => sample(length, alphabet, at + 1));
  for (const alphabet of [BASE62, HEX]) {
    for (const length of [32, 40, 64]) {
      const written = values(alphabet, length).filter((value) => !looksGenerated(value));
      expect(written.length).toBeLessThan(count * 0.02);
      const weak = values(alphabet, length).filter((value) => entropyBits(value) < 3 || isPlaceholder(value));
      expect(weak.length).toBeLessThan(count * 0.005);
    }
  }
});

test("names and words do not look generated", () => {
  for (const name of [
    "OPENAI_API_KEY_FOR_TESTS_2",
    "getAccessTokenFromTheServer2",
    "task-management-for-systems-2024",
    "configuration_v2_of_the_project",
    "AzureOpenAIChatCompletionClient",
    "https_proxy_settings_for_2026_01",
    "aaaaaaaaaaaaaaaaaaaaaaaa1111",
  ]) {
    expect([name, looksGenerated(name)]).toEqual([name, false]);
  }
});
