import type { ServerUnderTest } from "./servers.ts";

/** What has to be known of a server, or of the upstream itself, to ask it. */
export type Asked = Pick<ServerUnderTest, "port" | "credential" | "headers" | "model">;

const MODEL = "gpt-4.1-mini";
const WORD = "word ";
const STREAM_MARK = "bench-stream-";
const STREAM_PROMPT_WORDS = 180;

/** A chat completion with a prompt of about that size. */
export function shortRequest(server: Asked, promptBytes = 900): Buffer {
  return httpPost(server, {
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: WORD.repeat(promptBytes / WORD.length) },
    ],
    temperature: 0.2,
    max_tokens: 500,
  });
}

/** One that is streamed. The number stands in the prompt, where every gateway passes it on. */
export function streamRequest(server: Asked, number: number): Buffer {
  const content = `${STREAM_MARK}${number} ${WORD.repeat(STREAM_PROMPT_WORDS)}`;
  return httpPost(server, { stream: true, messages: [{ role: "user", content }] });
}

/** The number of the stream that a request's body asks for; `undefined` when it asks for no stream. */
export function streamOf(body: Buffer): number | undefined {
  const at = body.indexOf(STREAM_MARK);
  if (at < 0) return undefined;
  const from = at + STREAM_MARK.length;
  return Number(body.toString("latin1", from, body.indexOf(" ", from)));
}

/** The bytes of one request, with the headers that an SDK sends. */
function httpPost({ port, credential, model = MODEL, headers = [] }: Asked, members: object): Buffer {
  const body = JSON.stringify({ model, ...members });
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${credential}`,
    "content-type: application/json",
    "accept: application/json",
    "accept-encoding: gzip, deflate, br, zstd",
    "user-agent: bench/1.0",
    ...headers,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}
