import { AppError } from "../../kernel/index.ts";

export interface GitPlace {
  /** A folder in the repository. */
  readonly folder: string;
  /** The environment for git: where it lies, and inside a hook the index that is being committed. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Settings by which a repository, which may come from anybody, could make git run a program or call somebody.
 * The plumbing commands used here run no hooks, filters, text converters, signature checks or pagers of their own.
 */
const SAFE_SETTINGS: readonly string[] = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.pager=cat",
  "core.sshCommand=false",
  "core.untrackedCache=false",
  "protocol.allow=never",
  "maintenance.auto=false",
  "gc.auto=0",
];

/** The same in front of a command of git's. */
export const SAFE_ARGUMENTS: readonly string[] = [
  "--no-pager",
  ...SAFE_SETTINGS.flatMap((setting) => ["-c", setting]),
];

const SAFE_ENV: Readonly<Record<string, string>> = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_PAGER: "cat",
  LC_ALL: "C",
};

/**
 * What git may know of us besides: where its user has settings, of trusted folders for instance, and where the repository
 * lies; `GIT_INDEX_FILE` is what a partial commit commits.
 */
const PASSED = [
  "PATH",
  "HOME",
  "XDG_CONFIG_HOME",
  "GIT_CONFIG_GLOBAL",
  "TMPDIR",
  "SYSTEMROOT",
  "GIT_DIR",
  "GIT_COMMON_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

export interface GitProcess {
  readonly output: ReadableStream<Uint8Array>;
  /** @throws AppError when git failed */
  finished(): Promise<void>;
  kill(): void;
}

/** Starts git on a repository that is not trusted. */
export function startGit(
  { folder, env }: GitPlace,
  args: readonly string[],
  input: ReadableStream<Uint8Array> | Uint8Array | "ignore" = "ignore",
): GitProcess {
  const child = spawn(["git", ...SAFE_ARGUMENTS, "-C", folder, ...args], env, input);
  return {
    output: child.stdout,
    async finished() {
      const said = new Response(child.stderr).text();
      if ((await child.exited) !== 0) throw gitFailed(folder, await said);
    },
    kill: () => child.kill(),
  };
}

function spawn(
  command: string[],
  env: GitPlace["env"],
  stdin: ReadableStream<Uint8Array> | Uint8Array | "ignore",
): Bun.Subprocess<typeof stdin, "pipe", "pipe"> {
  const passed = Object.fromEntries(
    PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
  try {
    return Bun.spawn(command, { env: { ...passed, ...SAFE_ENV }, stdin, stdout: "pipe", stderr: "pipe" });
  } catch (cause) {
    throw new AppError("not_found", "git cannot be started", {
      hint: "install git, or scan the files themselves: ownkey scan PATH",
      cause,
    });
  }
}

function gitFailed(folder: string, said: string): AppError {
  // Outside of one, `git diff` takes itself for the other diff, of two files, and refuses our options.
  if (/not a git repository|--no-index/i.test(said)) {
    return new AppError("not_found", `${folder} is not in a git repository`, {
      hint: "leave out --git and --staged",
    });
  }
  if (/dubious ownership/i.test(said)) {
    return new AppError("denied", `git refuses to read ${folder}: it belongs to somebody else`, {
      hint: `if you trust it: git config --global --add safe.directory '${folder}'`,
    });
  }
  return new AppError("internal", `git could not read the repository at ${folder}`, {
    hint: `run: git -C '${folder}' fsck`,
    cause: said.slice(0, 500),
  });
}
