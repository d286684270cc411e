// The baseline: the least that a proxy on this platform does which looks at both bodies. No key check, no record.
// Usage: bare-proxy.ts UPSTREAM_URL; prints its own URL.
const upstream = process.argv[2] ?? "";
const USAGE = '"usage"';
const looked = { usageChunks: 0 };

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const text = await request.text();
    const { stream } = JSON.parse(text) as { stream?: boolean };
    const answer = await fetch(`${upstream}${new URL(request.url).pathname}`, {
      method: request.method,
      headers: request.headers,
      body: text,
      signal: request.signal,
    });
    const headers = { "content-type": answer.headers.get("content-type") ?? "" };
    if (stream === true && answer.body) return new Response(looking(answer.body), { headers });
    const answered = await answer.text();
    const { usage } = JSON.parse(answered) as { usage?: object };
    return new Response(answered, { status: usage ? answer.status : 502, headers });
  },
});
// An aborted fetch rejects; that is how a stream whose client has left ends.
process.on("unhandledRejection", () => {});
console.log(`http://127.0.0.1:${server.port}`);

function looking(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        looked.usageChunks += Number(
          Buffer.from(value.buffer, value.byteOffset, value.length).includes(USAGE),
        );
        controller.enqueue(value);
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
}
