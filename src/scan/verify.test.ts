import { describe, expect, test } from "bun:test";
import { Secret } from "../kernel/index.ts";
import { azureEndpointNear } from "./azure-endpoint.ts";
import type { Finding } from "./finding.ts";
import { BASE62, HEX, sample } from "./rules/sample.ts";
import { scanText } from "./scan.testing.ts";
import { type KeyToVerify, keysToVerify, verifyKeys } from "./verify.ts";

const finding = (fields: Partial<Finding> = {}): Finding => ({
  type: "finding",
  rule: "groq",
  title: "Groq key",
  severity: "high",
  origin: { kind: "file", path: "/x" },
  line: 1,
  column: 1,
  masked: "…",
  form: "plain",
  group: "a",
  provider: "groq",
  fix: "",
  secret: new Secret(sample(52)),
  ...fields,
});

const hostsOf = (...findings: Finding[]) => keysToVerify(findings).map(({ host }) => host);

describe("which keys may be asked about", () => {
  test("a key in many places is asked about once, at its provider's public host", () => {
    expect(hostsOf(finding(), finding({ line: 9 }), finding({ group: "b" }))).toEqual([
      "api.groq.com",
      "api.groq.com",
    ]);
  });

  test.each<[string, Partial<Finding>, "provider" | "secret" | "nothing"]>([
    ["a key without a certain provider", {}, "provider"],
    ["what has no value", {}, "secret"],
    ["a key of the vault", { knownKey: "groq/main" }, "nothing"],
    ["what is not of the provider's own format", { rule: "provider-variable" }, "nothing"],
    ["an admin key", { rule: "openai-admin", provider: "openai" }, "nothing"],
    ["a tool's login", { rule: "anthropic-oauth-access", provider: "anthropic" }, "nothing"],
    ["an Azure key without a resource beside it", { rule: "azure-openai-hex", provider: "azure" }, "nothing"],
    ["a virtual key", { rule: "ownkey-virtual-key", severity: "info" }, "nothing"],
  ])("%s is not", (_what, fields, without) => {
    const whole = { ...finding(fields) };
    if (without !== "nothing") delete whole[without];
    expect(hostsOf(whole)).toEqual([]);
  });

  test("an Azure key is, at the resource beside it only", () => {
    const azure = finding({ rule: "azure-openai-hex", provider: "azure", endpoint: "x.openai.azure.com" });
    expect(hostsOf(azure)).toEqual(["x.openai.azure.com"]);
  });
});

describe("the resource beside an Azure key", () => {
  const endpointIn = (text: string) => scanText(text).map(({ endpoint }) => endpoint);
  const line = `AZURE_OPENAI_API_KEY=${sample(32, HEX)}`;

  test("is the one that stands there", () => {
    expect(endpointIn(`AZURE_OPENAI_ENDPOINT=https://My-Res.openai.azure.com/\n${line}\n`)).toEqual([
      "my-res.openai.azure.com",
    ]);
  });

  test.each([
    ["none", ""],
    ["two", "https://a.openai.azure.com https://b.openai.azure.com"],
    ["somebody else's host", "https://a.openai.azure.com.evil.example"],
    ["the suffix alone", "https://openai.azure.com"],
  ])("%s is no answer", (_what, beside) => {
    expect(endpointIn(`${beside}\n${line}\n`)).toEqual([undefined]);
  });

  test("is never a part of a longer name that the window cuts", () => {
    for (let gap = 230; gap < 310; gap++) {
      const text = `https://a-long-name-of-a-resource.openai.azure.com${" ".repeat(gap)}${line}`;
      const endpoint = azureEndpointNear(Buffer.from(text), text.indexOf("=") + 1);
      expect([undefined, "a-long-name-of-a-resource.openai.azure.com"]).toContain(endpoint);
    }
  });

  test("keys of other providers have none", () => {
    const text = `https://a.openai.azure.com\nGROQ=gs${"k_"}${sample(52, BASE62)}`;
    expect(endpointIn(text)).toEqual([undefined]);
  });
});

describe("asking", () => {
  const keys = (count: number): KeyToVerify[] =>
    keysToVerify(Array.from({ length: count }, (_, at) => finding({ group: `${at}` })));

  test("goes on beside each other within a limit, and gives each key its own answer", async () => {
    let open = 0;
    let most = 0;
    const results = await verifyKeys(keys(20), async ({ group }) => {
      most = Math.max(most, ++open);
      await Bun.sleep(1);
      open--;
      return { verdict: Number(group) % 2 === 0 ? "ok" : "invalid_key", explanation: group };
    });
    expect(most).toBe(4);
    expect([...results.values()].filter(({ verdict }) => verdict === "ok")).toHaveLength(10);
    expect(results.get("7")).toEqual({ host: "api.groq.com", verdict: "invalid_key", explanation: "7" });
  });

  test("no answer is no verdict, and an error is not repeated", async () => {
    const [key] = keys(1);
    const unreachable = await verifyKeys(keys(1), async () => ({ verdict: "unreachable", explanation: "x" }));
    expect(unreachable.get("0")?.verdict).toBe("untested");
    const failed = await verifyKeys(keys(1), async () => {
      throw new Error(key?.secret.reveal());
    });
    expect(failed.get("0")).toMatchObject({ verdict: "untested" });
    expect(JSON.stringify(failed.get("0"))).not.toContain(key?.secret.reveal() ?? "");
  });
});
