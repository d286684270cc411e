// What goes through a proxy, and what the proxy gets to see of it.
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOutboundFetch } from "./outbound.ts";
import { systemClock } from "../kernel/index.ts";
import { proxiedFetch } from "./proxied-fetch.ts";

const PUBLIC = "93.184.216.34";
const PROXY = "http://127.0.0.1:3128";

/** How `fetch` is called for one destination. */
async function called(url: string, init: object = {}) {
  let seen: { url: string; proxy: unknown } | undefined;
  const fetch = proxiedFetch(async (url, init) => {
    seen = { url, proxy: (init as { proxy?: unknown }).proxy };
    return new Response();
  }, PROXY);
  await fetch(url, { proxy: false, ...init } as RequestInit);
  return seen;
}

test("https to a public address goes through the proxy, under the provider's name", async () => {
  expect(await called(`https://${PUBLIC}:8443/v1/x?y=1`, { tls: { serverName: "api.example.com" } })).toEqual(
    {
      url: "https://api.example.com:8443/v1/x?y=1",
      proxy: PROXY,
    },
  );
  expect(await called(`https://${PUBLIC}/v1`)).toEqual({ url: `https://${PUBLIC}/v1`, proxy: PROXY });
});

test("plain http, this machine and private networks never meet it", async () => {
  for (const url of [
    `http://${PUBLIC}/v1`,
    "http://127.0.0.1:11434/v1",
    "https://127.0.0.1:8443/v1",
    "https://[::1]:8443/v1",
    "https://10.0.0.1/v1",
    "https://unchecked.example.com/v1",
  ]) {
    expect(await called(url, { tls: { serverName: "api.example.com" } })).toEqual({ url, proxy: false });
  }
});

test.each(["ftp://h", "h:3128", "http://user:word@h:3128", "http://h:3128/path", "http://h?x", ""])(
  "%p is no proxy",
  (text) => {
    expect(() => proxiedFetch(fetch, text)).toThrow(expect.objectContaining({ code: "invalid_input" }));
  },
);

test("a call is tunnelled: the proxy sees the name, and nothing of the request", async () => {
  await using world = await startWorld();
  const answer = await world.call("provider.test");
  expect(await answer.json()).toEqual({ authorization: "Bearer the-key", host: world.host });
  expect(world.seen).toHaveLength(1);
  expect(world.seen[0]).toStartWith(`CONNECT ${world.host} HTTP/1.1\r\n`);
  expect(world.tunnelled().includes("the-key")).toBe(false);
});

test("a proxy that leads elsewhere gets no request: the certificate is not the provider's", async () => {
  await using world = await startWorld();
  await expect(world.call("other.test")).rejects.toThrow();
  expect(world.requests()).toBe(0);
});

/** A provider with a certificate of its own, known as `provider.test`, and a proxy that leads every tunnel to it. */
async function startWorld() {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-proxy-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const name = ["-subj", "/CN=provider.test", "-addext", "subjectAltName=DNS:provider.test"];
  const made = spawnSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...name]);
  if (made.status !== 0) throw new Error("the certificate could not be made");
  let requests = 0;
  const provider = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") },
    fetch({ headers }) {
      requests++;
      return Response.json({ authorization: headers.get("authorization"), host: headers.get("host") });
    },
  });
  const seen: string[] = [];
  const passed: Buffer[] = [];
  const proxy = createServer((client) => tunnel(client));
  const tunnel = (client: Socket) => {
    client.once("data", (head: Buffer) => {
      seen.push(head.toString("latin1"));
      const server = connect(provider.port ?? 0, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.on("data", (bytes: Buffer) => void passed.push(bytes));
        client.pipe(server).pipe(client);
      });
      server.on("error", () => client.destroy());
      client.on("error", () => server.destroy());
    });
  };
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const trusting: typeof fetch = Object.assign(
    async (...[input, init]: Parameters<typeof fetch>) => {
      const tls = { ...(init as { tls?: object }).tls, ca: readFileSync(cert, "utf8") };
      return await fetch(input, { ...init, tls });
    },
    { preconnect: () => {} },
  );
  const call = createOutboundFetch({
    fetch: proxiedFetch(trusting, `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`),
    resolveHost: async () => [PUBLIC],
    clock: systemClock,
  });
  const port = String(provider.port);
  return {
    seen,
    host: `provider.test:${port}`,
    requests: () => requests,
    tunnelled: () => Buffer.concat(passed).toString("latin1"),
    call: async (name: string) => {
      const baseUrl = `https://${name}:${port}`;
      return await call(
        `${baseUrl}/v1/models`,
        { headers: { authorization: "Bearer the-key" } },
        { baseUrl },
      );
    },
    async [Symbol.asyncDispose]() {
      proxy.close();
      await provider.stop(true);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
