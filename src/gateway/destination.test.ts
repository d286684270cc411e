// Where bytes may go: checked addresses only, the certificate checked against the name, no second look-up.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, systemClock } from "../kernel/index.ts";
import type { ConnectionSettings } from "../providers/index.ts";
import { createAddressRules } from "./addresses.ts";
import { createDestinations } from "./destination.ts";
import { connection, startGateway } from "./gateway.testing.ts";

const PUBLIC = "93.184.216.34";

async function originOf(
  url: string,
  addresses: readonly string[],
  settings: Partial<ConnectionSettings> = {},
) {
  const destinations = createDestinations(() => Promise.resolve(addresses), systemClock);
  try {
    return (await destinations.find(new URL(url), { baseUrl: url, ...settings })).origin;
  } catch (error) {
    return error instanceof AppError ? error.code : "not an AppError";
  }
}

test("a public name goes to its public address; private ones are passed over or refused", async () => {
  expect(await originOf("https://api.example.com/v1", [PUBLIC])).toBe(`https://${PUBLIC}:443`);
  expect(await originOf("https://api.example.com/v1", ["10.0.0.1", PUBLIC])).toBe(`https://${PUBLIC}:443`);
  expect(await originOf("https://api.example.com/v1", ["10.0.0.1", "169.254.169.254"])).toBe("not_allowed");
  expect(await originOf("https://api.example.com/v1", ["127.0.0.1"])).toBe("not_allowed");
  expect(await originOf("https://api.example.com/v1", ["10.0.0.1"], { allowPrivate: true })).toBe(
    "https://10.0.0.1:443",
  );
  expect(await originOf("https://10.0.0.1:8443", [])).toBe("not_allowed");
  expect(await originOf("https://api.example.com/v1", [])).toBe("provider_unreachable");
  expect(await originOf("https://api.example.com/v1", ["2606:4700::1"])).toBe("https://[2606:4700::1]:443");
});

test("plain http goes to loopback, or where it was allowed by a flag", async () => {
  expect(await originOf("http://127.0.0.1:11434", [])).toBe("http://127.0.0.1:11434");
  expect(await originOf("http://localhost:11434", ["127.0.0.1"])).toBe("http://127.0.0.1:11434");
  expect(await originOf("http://api.example.com", [PUBLIC])).toBe("not_allowed");
  expect(await originOf("http://api.example.com", [PUBLIC], { insecureHttp: true })).toBe(
    `http://${PUBLIC}:80`,
  );
});

test.each([
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.1.2.3",
  "169.254.169.254",
  "172.31.0.1",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:10.0.0.1",
  "64:ff9b::a00:1",
  "fc00::1",
  "fe80::1",
  "2001:db8::1",
  "2002:a00:1::",
  "ff02::1",
  "not an address",
])("%s is private", (address) => {
  expect(createAddressRules().isPrivate(address)).toBe(true);
});

test.each([PUBLIC, "8.8.8.8", "172.32.0.1", "2606:4700::1111"])("%s is public", (address) => {
  expect(createAddressRules().isPrivate(address)).toBe(false);
});

const folder = mkdtempSync(join(tmpdir(), "ownkey-tls-"));
const made = spawnSync(
  "openssl",
  [
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=api.example.test".split(
      " ",
    ),
    ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
    ["-addext", "subjectAltName=DNS:api.example.test"],
  ].flat(),
  { stdio: "ignore" },
);
const hasOpenssl = made.status === 0;
let upstream: ReturnType<typeof Bun.serve> | undefined;

beforeAll(() => {
  if (!hasOpenssl) return;
  const tls = {
    cert: readFileSync(join(folder, "cert.pem"), "utf8"),
    key: readFileSync(join(folder, "key.pem"), "utf8"),
  };
  const fetch = (request: Request) => Response.json({ host: request.headers.get("host") });
  upstream = Bun.serve({ port: 0, hostname: "127.0.0.1", tls, fetch });
});

afterAll(async () => {
  await upstream?.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

// Needs the openssl program to make a certificate.
test.skipIf(!hasOpenssl)(
  "https goes to the checked address, and only under the certificate of its name",
  async () => {
    const ca = readFileSync(join(folder, "cert.pem"), "utf8");
    const names: string[] = [];
    const at = (host: string) =>
      startGateway({
        connections: [
          connection("c", "openai", { baseUrl: `https://${host}:${upstream?.port}`, allowPrivate: true }),
        ],
        resolveHost: (name) => {
          names.push(name);
          return Promise.resolve(["127.0.0.1"]);
        },
        ca,
      });
    const right = at("api.example.test");
    const answer = await right.send("/v1/models");
    expect(await answer.json()).toEqual({ host: `api.example.test:${upstream?.port}` });
    await (await right.send("/v1/models")).text();
    expect(names).toEqual(["api.example.test"]);
    await right.close();

    const wrong = at("other.example.test");
    const refused = await wrong.send("/v1/models");
    expect(refused.status).toBe(502);
    const rows = await wrong.ledger.settledRows(2);
    expect(rows.map(({ settled }) => settled?.end)).toEqual(["unreachable", "unreachable"]);
    await wrong.close();
  },
);
