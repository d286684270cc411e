import { rmSync } from "node:fs";
import type { ServerUnderTest } from "../servers.ts";

/** Another gateway in the same run, or why there is none. */
export type Rival = ServerUnderTest | { readonly missing: string };

export interface RivalProcess extends Pick<ServerUnderTest, "name" | "port" | "headers" | "model"> {
  readonly child: Bun.Subprocess;
  /** What its clients present; default something that nobody looks at. */
  readonly credential?: string;
  /** Removed when it is stopped. */
  readonly folder?: string;
}

const STARTS_WITHIN_MS = 90_000;
const STOPS_WITHIN_MS = 5000;

/** Waits until it answers anything at all; says so when it never does. */
export async function started({ child, folder, ...server }: RivalProcess): Promise<Rival> {
  const stop = async () => {
    child.kill("SIGTERM");
    const killing = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN_MS);
    await child.exited;
    clearTimeout(killing);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + STARTS_WITHIN_MS;
  while (!(await answers(server.port))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await Bun.sleep(50);
      continue;
    }
    await stop();
    return { missing: `${server.name} did not start` };
  }
  return { credential: "unchecked", ...server, pid: child.pid, stop };
}

async function answers(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/v1/models`)
    .then(() => true)
    .catch(() => false);
}
