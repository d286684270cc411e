// Runs all tests under the pinned Bun. Arguments are passed on: `npm test -- vault`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const home = mkdtempSync(join(tmpdir(), "ownkey-test-home-"));
// A home of its own: no test can touch, or be moved by, what the person running it has.
const clean = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^OWNKEY_(?!TEST_)|_API_KEY$|_AUTH_TOKEN$|_BASE_URL$|^https?_proxy$|^all_proxy$/i.test(name),
  ),
);
const { status } = spawnSync(process.execPath, ["test", "--timeout", "60000", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...clean, HOME: home, OWNKEY_HOME: join(home, ".ownkey"), NO_COLOR: "1" },
});
rmSync(home, { recursive: true, force: true });
process.exit(status ?? 1);
