import { expect, test } from "bun:test";
import { listen } from "./listener.ts";
import { listenError } from "./listen-error.ts";

const gateway = { handle: () => Promise.resolve(new Response()), drain: () => Promise.resolve() };

function opening(options: { hostname?: string; port?: number; tls?: { cert: string; key: string } }) {
  return () => listen({ gateway, hostname: "127.0.0.1", port: 0, ...options });
}

test("a port that is taken, an address of another machine, and files that are no PEM are told apart", async () => {
  const first = opening({})();
  expect(opening({ port: first.port })).toThrow(
    expect.objectContaining({
      code: "address_in_use",
      message: expect.stringMatching(
        new RegExp(`^another program listens on 127.0.0.1:${first.port}: .+, process ${process.pid}$`),
      ),
    }),
  );
  await first.stop(0);
  // Addresses for documentation (RFC 5737) belong to nobody.
  expect(opening({ hostname: "192.0.2.1" })).toThrow(
    expect.objectContaining({ code: "invalid_input", message: "this machine has no address 192.0.2.1" }),
  );
  expect(opening({ tls: { cert: "no PEM", key: "no PEM" } })).toThrow(
    expect.objectContaining({ code: "invalid_input", hint: expect.stringContaining("--tls-cert") }),
  );
});

test("a port for the administrator only", () => {
  const error = Object.assign(new Error("denied"), { code: "EACCES" });
  expect(listenError(error, { hostname: "127.0.0.1", port: 80 })).toMatchObject({ code: "denied" });
});

test("what is not known stays what it was", () => {
  const error = new Error("something else");
  expect(listenError(error, { hostname: "127.0.0.1", port: 80 })).toBe(error);
});
