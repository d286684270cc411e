/** The environment of git in tests: nobody's settings. */
export const GIT_ENVIRONMENT = { PATH: process.env["PATH"], HOME: "/nowhere" };

const SETTINGS = [
  "user.name=Ada",
  "user.email=ada@host.example",
  "init.defaultBranch=main",
  "protocol.file.allow=always",
].flatMap((setting) => ["-c", setting]);

/** Runs git in a folder; gives what it prints. @throws Error with what it says when it fails. */
export function runGit(folder: string, ...args: readonly string[]): string {
  const command = ["git", ...SETTINGS, "-C", folder, ...args];
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, { env: GIT_ENVIRONMENT });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}
