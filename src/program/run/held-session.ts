/**
 * The client's side of a session (control's `holdSession`): one call whose answer stays open for as long as this
 * process lives. By hand, as in control's `token-client.ts`: `fetch` starts a thread of its own, and nothing but the
 * platform is loaded in front of somebody else's program.
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
  const first = await hold(home, { open });
  if ("refused" in first) return first;
  const session = first.document as unknown as RunSession;
  const keeper = new Keeper(home, session.token, first);
  return { ...session, end: () => keeper.end() };
}

/** When the running program ends while this one lives, the session is taken up again with the next one. */
class Keeper {
  readonly #home: string;
  readonly #token: string;
  #held: Held;
  #ended = false;

  constructor(home: string, token: string, held: Held) {
    this.#home = home;
    this.#token = token;
    this.#held = held;
    void this.#keep();
  }

  /** Half of the connection is closed; the running program closes the other one once the session has ended. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#held.letGo();
    await Promise.race([this.#held.gone, Bun.sleep(END_WITHIN_MS)]);
  }

  async #keep(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      await this.#held.gone;
      do {
        if (this.#ended) return;
        await Bun.sleep(retryMs);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      } while (!(await this.#resumed()));
      retryMs = FIRST_RETRY_MS;
    }
  }

  async #resumed(): Promise<boolean> {
    if (this.#ended) return false;
    const again = await hold(this.#home, { resume: { token: this.#token } });
    if ("refused" in again) {
      // A program that answers and refuses will not say otherwise later.
      this.#ended ||= again.refused !== undefined;
      return false;
    }
    this.#held = again;
    if (this.#ended) again.letGo();
    return true;
  }
}

interface Held {
  /** The first line of the answer. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Resolves when the connection is closed, from whichever side. */
  readonly gone: Promise<void>;
  letGo(): void;
}

/** Opens or resumes a session and leaves the connection open. Never rejects. */
async function hold(home: string, input: object): Promise<Held | { readonly refused: unknown }> {
  const answer = Promise.withResolvers<Answer | undefined>();
  const gone = Promise.withResolvers<void>();
  const timer = setTimeout(() => answer.resolve(undefined), ANSWER_WITHIN_MS);
  let received = "";
  const decoder = new TextDecoder();
  let unsent = Buffer.from(requestOf(JSON.stringify(input)));
  const send = (socket: { write(bytes: Uint8Array): number }) => {
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  };
  const close = () => {
    answer.resolve(undefined);
    gone.resolve();
  };
  try {
    const { socket: path } = JSON.parse(readFileSync(join(home, "run", "up.json"), "utf8")) as {
      socket: string;
    };
    const socket = await Bun.connect({
      unix: path,
      socket: {
        open: send,
        drain: send,
        data(_socket, bytes) {
          received += decoder.decode(bytes, { stream: true });
          const whole = answerIn(received);
          if (whole) answer.resolve(whole);
        },
        close,
        error: close,
      },
    });
    const told = await answer.promise;
    if (told?.ok !== true) {
      socket.end();
      return { refused: told?.document };
    }
    return { document: told.document, gone: gone.promise, letGo: () => socket.shutdown() };
  } catch {
    return { refused: undefined };
  } finally {
    clearTimeout(timer);
  }
}

function requestOf(body: string): string {
  const length = Buffer.byteLength(body);
  return `POST /session HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n${body}`;
}

interface Answer {
  readonly ok: boolean;
  readonly document: Readonly<Record<string, unknown>>;
}

/**
 * `undefined` while something is missing. A session's answer is chunked and its first chunk one line of JSON, an
 * error's has a length: between braces stands the document in both, and nothing else there has any.
 */
function answerIn(received: string): Answer | undefined {
  const start = received.indexOf("\r\n\r\n") + 4;
  const ok = received.startsWith("HTTP/1.1 200 ");
  const from = received.indexOf("{", start);
  const end = received.lastIndexOf("}") + 1;
  if (start < 4 || from < 0 || end <= from || (ok && !received.includes("\n", end))) return undefined;
  try {
    return { ok, document: JSON.parse(received.slice(from, end)) as Record<string, unknown> };
  } catch {
    return undefined; // its end is still to come
  }
}
