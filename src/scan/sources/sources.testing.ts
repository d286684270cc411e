import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemRandomness } from "../../kernel/index.ts";
import type { Finding, ScanEvent } from "../finding.ts";
import { BASE62, sample } from "../rules/sample.ts";
import { scan } from "../scan.ts";
import type { Source } from "../source.ts";

/** A key that the scanner knows by its mark; another seed gives another one. */
export function groqKey(seed: number): string {
  return `gsk_${sample(52, BASE62, seed)}`;
}

/** A folder that is gone after the tests of the file that asked for it. */
export function testFolder(): { path: string; write(name: string, content: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "ownkey-scan-"));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export async function eventsOf(source: Source): Promise<ScanEvent[]> {
  return await Array.fromAsync(scan({ sources: [source], randomness: systemRandomness }));
}

export async function findingsOf(source: Source): Promise<Finding[]> {
  return (await eventsOf(source)).filter((event) => event.type === "finding");
}
