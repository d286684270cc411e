import { AppError } from "../kernel/index.ts";
import type { TunnelKind } from "./tunnels.ts";

export interface TunnelStart {
  readonly kind: TunnelKind;
  /** Absolute. */
  readonly program: string;
  /** The local port that gets the public name. */
  readonly port: number;
  readonly userHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly withinMs: number;
}

export interface TunnelProcess {
  /** `https://name`, without a slash at its end. */
  readonly url: string;
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * Holds the tunnel only as long as this process lives, killed or not: when the pipe that only we hold is closed, the
 * shell ends it. Else the public name would lead to a port that another program may get.
 */
const HOLDER = `"$@" </dev/null & tunnel=$!
trap 'kill "$tunnel" 2>/dev/null' TERM INT HUP
exec >/dev/null 2>&1
cat
kill "$tunnel" 2>/dev/null
wait "$tunnel"`;

const MOST_LINES_KEPT = 20;
const ENDS_WITHIN_MS = 3_000;

/** Starts a tunnel and waits until its address is known and answers. @throws AppError `conflict` or `time_limit`, with what it said. */
export async function startTunnel({
  kind,
  program,
  port,
  userHome,
  env,
  withinMs,
}: TunnelStart): Promise<TunnelProcess> {
  const child = Bun.spawn(["/bin/sh", "-c", HOLDER, "sh", program, ...kind.args(port, userHome)], {
    env: tunnelEnvironment(env, userHome),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = createReader(kind);
  const told = Promise.all([reader.follow(child.stdout), reader.follow(child.stderr)]);
  const close = async () => {
    await child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGTERM"), ENDS_WITHIN_MS);
    await child.exited;
    clearTimeout(timer);
  };
  // Only the tunnel itself holds the other ends of these: the shell has given them up.
  const ended = told.then(close);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), withinMs);
  });
  const outcome = await Promise.race([reader.url, told.then(() => "ended" as const), tooLate]);
  clearTimeout(timer);
  if (outcome !== "late" && outcome !== "ended") return { url: outcome, ended, close };
  await close();
  const why = outcome === "late" ? `told no address within ${withinMs / 1000} s` : "ended";
  throw new AppError(
    outcome === "late" ? "time_limit" : "conflict",
    `${kind.program} ${why}${reader.problem()}`,
    {
      hint: `try it by hand: ${kind.program} ${kind.args(port, userHome).join(" ")}`,
    },
  );
}

/** What such a program needs; no key that happens to be in the environment. */
function tunnelEnvironment(env: TunnelStart["env"], userHome: string): Record<string, string> {
  const names = ["PATH", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "HTTPS_PROXY", "NO_PROXY"];
  const set = names.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { HOME: userHome, ...Object.fromEntries(set) };
}

function createReader(kind: TunnelKind) {
  const lines: string[] = [];
  let url: string | undefined;
  let isReady = kind.readyIn === undefined;
  let found: (url: string) => void = () => {};
  const urlFound = new Promise<string>((resolve) => {
    found = resolve;
  });
  const look = (line: string) => {
    lines.push(line);
    if (lines.length > MOST_LINES_KEPT) lines.shift();
    url ??= kind.urlIn(line);
    isReady ||= kind.readyIn?.(line) === true;
    if (url !== undefined && isReady) found(url);
  };
  return {
    url: urlFound,
    problem(): string {
      const said = lines.flatMap((line) => kind.problemIn(line) ?? []);
      return said.length === 0 ? "" : `: ${said.slice(-2).join("; ")}`;
    },
    async follow(stream: ReadableStream<Uint8Array>): Promise<void> {
      const decoder = new TextDecoder();
      let rest = "";
      for await (const chunk of stream) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = (parts.pop() ?? "").slice(-4096);
        for (const line of parts) look(line.trimEnd());
      }
      if (rest !== "") look(rest);
    },
  };
}
