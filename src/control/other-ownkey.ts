import { join } from "node:path";
import { hostToCall, REQUEST_ID_HEADER } from "../gateway/index.ts";
import { answeringProgram } from "./answering-program.ts";

const ANSWERS_WITHIN_MS = 1_000;

/** One of another home. */
export interface OtherOwnkey {
  /** `undefined` when only its answers are known, which tell none. */
  readonly home: string | undefined;
}

export interface WantedPort {
  readonly hostname: string;
  readonly port: number;
  /** Who asks, and cannot be the one. */
  readonly home: string;
  readonly userHome: string;
}

/**
 * The Ownkey that listens on a port that is taken; `undefined` when that is another program. For words to the user and
 * nothing else: whatever answers there may say that it is an Ownkey. Which home it is of is known of the user's default
 * one only, by its own files.
 */
export async function otherOwnkey({
  hostname,
  port,
  home,
  userHome,
}: WantedPort): Promise<OtherOwnkey | undefined> {
  const usual = join(userHome, ".ownkey");
  if (usual !== home && (await listensOn(usual, port))) return { home: usual };
  return (await saysOwnkey(hostname, port)) ? { home: undefined } : undefined;
}

/** `another Ownkey, that of /home/ada/.ownkey,` */
export function holderName(found: OtherOwnkey | undefined): string {
  if (!found) return "another program";
  return found.home === undefined
    ? "another Ownkey, of another home,"
    : `another Ownkey, that of ${found.home},`;
}

async function listensOn(home: string, port: number): Promise<boolean> {
  const running = await answeringProgram(home);
  return [running?.url, running?.ui].some((url) => URL.parse(url ?? "")?.port === String(port));
}

/** Every answer of an Ownkey, on both of its ports, has an id. */
async function saysOwnkey(hostname: string, port: number): Promise<boolean> {
  // `proxy` is Bun's and not in the types: none of the environment's.
  const init = { proxy: false, redirect: "manual", signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) };
  try {
    const answer = await fetch(
      `http://${hostToCall(hostname)}:${port}/healthz`,
      init as unknown as RequestInit,
    );
    await answer.body?.cancel();
    return answer.headers.has(REQUEST_ID_HEADER);
  } catch {
    return false;
  }
}
