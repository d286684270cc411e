/** All that `ownkey token TOOL` needs against a running program: one file and one call. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ANSWER_WITHIN_MS = 5_000;

/** The token, or `undefined` when it could not be had this way. */
export async function fetchToken(home: string, tool: string): Promise<string | undefined> {
  try {
    const { socket } = JSON.parse(readFileSync(join(home, "run", "up.json"), "utf8")) as { socket: string };
    const { token } = JSON.parse(await askSocket(socket, JSON.stringify({ tool }))) as { token: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One request by hand: `fetch` starts a thread of its own for it, and people's tools wait for this process each time.
 * Gives the body of an answer with status 200. Bytes stand for characters: a token is ASCII.
 */
function askSocket(path: string, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error("no answer in time")), ANSWER_WITHIN_MS);
  let answer = "";
  Bun.connect({
    unix: path,
    socket: {
      open: (socket) => void socket.write(requestOf(body)),
      data(socket, bytes) {
        answer += bytes.toString("latin1");
        try {
          const whole = wholeBody(answer);
          if (whole === undefined) return;
          resolve(whole);
        } catch (error) {
          reject(error);
        }
        socket.end();
      },
      close: () => reject(new Error("closed before the answer was whole")),
      error: (_socket, error) => reject(error),
    },
  }).catch(reject);
  return promise.finally(() => clearTimeout(timer));
}

function requestOf(body: string): string {
  return `POST /api/tokens.issue HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** `undefined` while something is missing. @throws Error for another answer than 200 with a length. */
function wholeBody(answer: string): string | undefined {
  const start = answer.indexOf("\r\n\r\n") + 4;
  if (start < 4) return undefined;
  const head = answer.slice(0, start);
  const length = /^content-length: *(\d+)\r$/im.exec(head)?.[1];
  if (!head.startsWith("HTTP/1.1 200 ") || length === undefined)
    throw new Error("not an answer with a token");
  return answer.length >= start + Number(length) ? answer.slice(start, start + Number(length)) : undefined;
}
