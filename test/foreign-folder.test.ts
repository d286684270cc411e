/** Ownkey run in a folder of somebody else's, such as a repository that is to be looked at: what lies there has no say. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OwnkeyHome } from "./support/ownkey.ts";

const root = join(import.meta.dir, "..");
/** As it is in the package: the executable is told when it is built to read no such files. */
const launcher = join(root, "bin/ownkey");
const user = new OwnkeyHome();
const folder = join(user.folder, "theirs");
const witness = join(user.folder, "witness");

beforeAll(() => {
  mkdirSync(folder);
  const put = (path: string, text: string) => writeFileSync(join(folder, path), text);
  const program = `require("node:fs").appendFileSync(${JSON.stringify(witness)}, process.argv.join(" "));`;
  put("theirs.ts", `${program} export default {};`);
  put("bunfig.toml", `preload = ["./theirs.ts"]\n[run]\npreload = ["./theirs.ts"]\n`);
  put(
    "tsconfig.json",
    JSON.stringify({ compilerOptions: { baseUrl: ".", paths: { "*": ["./theirs.ts"] } } }),
  );
  put(".env", `OWNKEY_HOME=${join(folder, "home")}\nOWNKEY_PORT=1\n`);
  put(".env.local", `OWNKEY_LOG=nonsense\n`);
  for (const name of readdirSync(join(root, "node_modules")).filter((name) => !name.startsWith("."))) {
    mkdirSync(join(folder, "node_modules", name), { recursive: true });
    put(`node_modules/${name}/index.js`, program);
  }
});

afterAll(async () => {
  await user.remove();
});

async function run(...args: readonly string[]): Promise<number> {
  const child = Bun.spawn([launcher, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: user.folder },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stderr] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) process.stderr.write(stderr);
  return code;
}

test.skipIf(process.platform === "win32")(
  "a scan, the guard and a program in the background run nothing of the folder's and take no settings from it",
  async () => {
    Bun.spawnSync(["git", "init", "-q", folder]);
    expect(await run("scan", ".")).toBe(0);
    expect(await run("guard", "run", "pre-commit")).toBe(0);
    expect(await run("up", "--detach", "--port", "0")).toBe(0);
    expect(await run("down")).toBe(0);
    expect(existsSync(witness)).toBe(false);
    expect(existsSync(join(user.folder, ".ownkey"))).toBe(true);
    expect(existsSync(join(folder, "home"))).toBe(false);
  },
  60_000,
);
