// Writes the generated part of docs/: what the program itself knows better than any text about it.
// test/docs.test.ts fails when a committed file differs from what is made here.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiReference } from "./docs/api-reference.ts";
import { boundReference } from "./docs/bound-reference.ts";
import { cliReference } from "./docs/cli-reference.ts";
import { errorReference } from "./docs/error-reference.ts";
import { providerReference } from "./docs/provider-reference.ts";
import { settingsReference } from "./docs/settings-reference.ts";

/** Path below the repository → text. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/api.md", await apiReference()],
    ["docs/bounds.md", boundReference()],
    ["docs/cli.md", await cliReference()],
    ["docs/errors.md", errorReference()],
    ["docs/providers.md", providerReference()],
    ["docs/settings.md", settingsReference()],
  ]);
}

if (import.meta.main) {
  const root = join(import.meta.dir, "..");
  for (const [path, text] of await generatedDocuments()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}
