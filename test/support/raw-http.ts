/** HTTP written by hand: for requests that no client would send. */
import { connect } from "node:net";

export interface RawResponse {
  /** Status of the first answer; `undefined` when the server closed without one. */
  readonly status: number | undefined;
  /** Everything that came until the connection ended or fell silent after an answer. */
  readonly text: string;
}

/**
 * Sends these bytes and reads until the server closes, or until it has answered and then says nothing more for a
 * moment. `end` closes our side after sending.
 */
export function sendRaw(url: string, bytes: string, options: { end?: boolean } = {}): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<RawResponse>();
  let text = "";
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const socket = connect(Number(port), hostname, () => {
    socket.write(bytes, "latin1");
    if (options.end) socket.end();
  });
  const done = () => {
    clearTimeout(quiet);
    socket.destroy();
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
    resolve({ status: status === undefined ? undefined : Number(status), text });
  };
  socket.on("data", (data) => {
    text += data.toString("latin1");
    clearTimeout(quiet);
    quiet = setTimeout(done, QUIET_MS);
  });
  socket.on("close", done);
  socket.on("error", done);
  socket.setTimeout(SILENT_MS, done);
  return promise;
}

/** After an answer: a second one, to a smuggled request, would follow at once. */
const QUIET_MS = 100;
/** Without any answer. */
const SILENT_MS = 3_000;

/** One request as text, with its lines ended as HTTP wants them. */
export function rawRequest(lines: readonly string[], body = ""): string {
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
