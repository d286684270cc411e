// A request that never arrives whole does not hold its connection for good; one that waits for its provider does.
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { json, startUpstream } from "../../test/support/upstream.ts";
import { connection, startGateway, VIRTUAL_KEY } from "./gateway.testing.ts";
import { listen } from "./listener.ts";

test("a body that comes byte by byte is given up, and a slow provider is waited for meanwhile", async () => {
  const gaveUp = Promise.withResolvers<void>();
  const upstream = await startUpstream(async (request, socket) => {
    // Longer than the limit for reading: until the other request was given up.
    await gaveUp.promise;
    void json(200, { ok: true })(request, socket);
  });
  const whole = startGateway({
    connections: [connection("openai", "openai", { baseUrl: upstream.url })],
  });
  const listener = listen({ gateway: whole.gateway, hostname: "127.0.0.1", port: 0, readLimitSeconds: 1 });
  const answered = fetch(`${listener.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${VIRTUAL_KEY}` },
    body: JSON.stringify({ model: "gpt-x" }),
  });
  const socket = connect(listener.port, "127.0.0.1");
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${listener.port}\r\n` +
      `Authorization: Bearer ${VIRTUAL_KEY}\r\nContent-Length: 1000000\r\n\r\n`,
  );
  const drip = setInterval(() => socket.write(" "), 100);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.on("close", resolve));
  clearInterval(drip);
  gaveUp.resolve();
  expect((await answered).status).toBe(200);
  expect(upstream.arrived).toHaveLength(1);
  await Promise.all([listener.stop(0), whole.close()]);
  await upstream.close();
}, 20_000);
