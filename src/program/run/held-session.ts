/**
 * The client's side of a session (control's `holdSession`): one call whose answer stays open for as long as this
 * process lives. Nothing but the platform is imported here, for the sake of the start.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunSession } from "../../control/index.ts";

export interface HeldSession extends RunSession {
  /** Ends the session; resolves when its token is refused, or soon after when nobody answers. */
  end(): Promise<void>;
}

const ANSWER_WITHIN_MS = 10_000;
const END_WITHIN_MS = 250;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;

/** The session, or why there is none: the error's document when the program answered, else `undefined`. */
export async function openSession(
  home: string,
  open: object,
): Promise<HeldSession | { readonly refused: unknown }> {
  const stop = new AbortController();
  const held = await hold(home, { open }, stop.signal);
  if ("refused" in held) return held;
  const session = JSON.parse(held.line) as RunSession;
  void keep(home, session, held.stream, stop.signal);
  return {
    ...session,
    async end() {
      stop.abort();
      const signal = AbortSignal.timeout(END_WITHIN_MS);
      await post(home, { end: { session: session.session } }, signal).catch(() => {});
    },
  };
}

/** When the running program ends while this one lives, the session is taken up again with the next one. */
async function keep(home: string, { token }: RunSession, first: Stream, signal: AbortSignal): Promise<void> {
  let stream: Stream | undefined = first;
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    if (stream) await drained(stream);
    stream = undefined;
    if (signal.aborted) return;
    await Bun.sleep(retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    const held = await hold(home, { resume: { token } }, signal).catch(() => undefined);
    // Refused by a program that answers: it will not say otherwise later.
    if (held && "refused" in held && held.refused !== undefined) return;
    if (held && "stream" in held) {
      stream = held.stream;
      retryMs = FIRST_RETRY_MS;
    }
  }
}

interface Stream {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

async function drained(stream: Stream): Promise<void> {
  try {
    while (!(await stream.read()).done);
  } catch {
    // Cut off: as good as an end.
  }
}

type Held = { readonly line: string; readonly stream: Stream } | { readonly refused: unknown };

async function hold(home: string, input: object, signal: AbortSignal): Promise<Held> {
  let response: Response;
  try {
    response = await within(ANSWER_WITHIN_MS, post(home, input, signal));
  } catch {
    return { refused: undefined };
  }
  if (!response.ok || !response.body) return { refused: await response.json().catch(() => undefined) };
  const stream = response.body.getReader();
  const decoder = new TextDecoder();
  let line = "";
  while (!line.includes("\n")) {
    const { done, value } = await stream.read();
    if (done) return { refused: undefined };
    line += decoder.decode(value, { stream: true });
  }
  return { line, stream };
}

async function post(home: string, input: object, signal: AbortSignal): Promise<Response> {
  const { socket } = JSON.parse(readFileSync(join(home, "run", "up.json"), "utf8")) as { socket: string };
  return await fetch("http://localhost/session", {
    unix: socket,
    method: "POST",
    body: JSON.stringify(input),
    signal,
  });
}

function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer")), limitMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
