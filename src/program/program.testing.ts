// What the tests of this room share: a private folder, and a context that records what is printed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliContext } from "../cli/index.ts";

export interface TestFolder extends Disposable {
  readonly path: string;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "ownkey-program-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The parts of a context that starting the program looks at. */
export function recordingContext(environment: CliContext["environment"] = {}) {
  const printed = { stdout: "", stderr: "" };
  const context = {
    stdout: { write: (text: string) => void (printed.stdout += text) },
    stderr: { write: (text: string) => void (printed.stderr += text) },
    interactive: false,
    colour: false,
    workingDirectory: "/",
    environment,
  } as unknown as CliContext;
  return { context, printed };
}
