// Generated trees and repositories for the scanner: ordinary source text, with keys planted in some of the files.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** As in source code, few names are long: packages of npm have one row of 20 letters or more in 340 bytes, this in 300. */
const WORDS = (
  "const value return function await import export from items total index response request options client server " +
  "configuration parameters connection userId map filter reduce string number createConnectionFromOptions handleIncomingRequest " +
  "if else for of new Error null undefined true false this async static readonly private async_task_queue"
).split(" ");

export interface TreeOptions {
  readonly files: number;
  readonly fileBytes: number;
  /** Every how many files hold a key. */
  readonly keyEvery: number;
}

/** Gives the number of keys that it planted. */
export function writeTree(root: string, { files, fileBytes, keyEvery }: TreeOptions): number {
  let keys = 0;
  for (let at = 0; at < files; at++) {
    const folder = join(root, `d${at % 50}`, `e${at % 7}`);
    if (at < 350) mkdirSync(folder, { recursive: true });
    const holdsKey = at % keyEvery === 0;
    if (holdsKey) keys++;
    writeFileSync(
      join(folder, `file${at}.ts`),
      sourceText(fileBytes, at) + (holdsKey ? `// ${benchKey(at)}\n` : ""),
    );
  }
  return keys;
}

/** Built here: no key-shaped text stands in any file. */
export function benchKey(seed: number): string {
  return `gsk_${Buffer.from(`${seed * 7919}-key-of-the-benchmark-${seed * 104_729}`)
    .toString("hex")
    .slice(0, 52)}`;
}

export function sourceText(sizeBytes: number, seed: number): string {
  const lines: string[] = [];
  let state = seed + 1;
  for (let written = 0; written < sizeBytes;) {
    const line: string[] = [];
    for (let at = 0; at < 7; at++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      line.push(WORDS[(state >>> 8) % WORDS.length] ?? "");
    }
    const text = `  ${line.slice(0, 2).join(".")}(${line.slice(2, 4).join(", ")}) { "${line[4]}": ${state % 1000} } // ${line[5]} ${line[6]}`;
    lines.push(text);
    written += text.length + 1;
  }
  return `${lines.join("\n")}\n`;
}

/** Input of `git fast-import`: a history in which each commit changes one of a hundred files. */
export function fastImport(commits: number, fileBytes: number, keyEvery: number): string {
  const parts: string[] = [];
  for (let at = 1; at <= commits; at++) {
    const text = sourceText(fileBytes, at) + (at % keyEvery === 0 ? `${benchKey(at)}\n` : "");
    parts.push(`commit refs/heads/main\ncommitter A <a@host.example> ${at} +0000\ndata 1\nx\n`);
    parts.push(`M 100644 inline d/file${at % 100}.ts\ndata ${Buffer.byteLength(text)}\n${text}\n`);
  }
  return parts.join("");
}
