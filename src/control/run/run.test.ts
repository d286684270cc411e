import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Connection, ProviderKey } from "../../connections/index.ts";
import { fillReferences, parseReference, referencesInText } from "./reference.ts";
import type { ResolvedReference } from "./resolved.ts";
import { sdkEnvironment } from "./sdk-environment.ts";

const GATEWAY = "http://127.0.0.1:7788";

describe("references", () => {
  test("are read in both forms, and nothing else is one", () => {
    expect(parseReference("ownkey://openai/main")).toEqual({
      connection: "openai",
      key: "main",
      wants: "credential",
    });
    expect(parseReference("ownkey://my.azure-1/k_2?base-url")).toMatchObject({ wants: "base-url" });
    for (const text of [
      "ownkey://a",
      "ownkey://a/b/c",
      "ownkey://a/b?x",
      "ownkey:// a/b",
      "OWNKEY://a/b",
      "",
    ]) {
      expect(() => parseReference(text)).toThrow("reference");
    }
  });

  test("are found bare and in braces; what stands around them is no part of them", () => {
    const text = "a={{ ownkey://c/k }} b=ownkey://c/k?base-url, (ownkey://d/e). {{ownkey://c/k}} {{ other }}";
    expect(referencesInText(text)).toEqual(["ownkey://c/k", "ownkey://c/k?base-url", "ownkey://d/e"]);
    const values = new Map([
      ["ownkey://c/k", "$&K"],
      ["ownkey://c/k?base-url", "U"],
      ["ownkey://d/e", "E"],
    ]);
    expect(fillReferences(text, values)).toBe("a=$&K b=U, (E). $&K {{ other }}");
    expect(() => fillReferences(text, new Map())).toThrow("no value");
  });

  test("leave every other byte of any text as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (parts) => {
        const clean = parts.map((part) => part.replaceAll("ownkey", "own-key"));
        const value = new Map([["ownkey://c/k", "V"]]);
        expect(fillReferences(clean.join("{{ ownkey://c/k }}"), value)).toBe(clean.join("V"));
      }),
    );
  });
});

describe("the environment of a program", () => {
  const connection = (name: string, provider: Connection["provider"], more: object = {}): Connection => ({
    id: `conn_${name}`,
    name,
    provider,
    preset: null,
    settings: { baseUrl: "https://host", ...more },
    createdAtMs: 0,
  });
  const reference = (
    found: Connection,
    wants: "credential" | "base-url" = "credential",
  ): ResolvedReference => ({
    connection: found.name,
    key: "main",
    wants,
    found,
    providerKey: {} as ProviderKey,
    servedByOther: false,
  });
  const of = (connections: Connection[], more: Partial<Parameters<typeof sdkEnvironment>[0]> = {}) =>
    sdkEnvironment({
      gatewayUrl: GATEWAY,
      token: "TOKEN",
      connections,
      only: undefined,
      onlyReferences: false,
      references: new Map(),
      hasDefault: false,
      ...more,
    });
  const openai = connection("openai", "openai");
  const azure = connection("mine", "azure", { apiVersion: "2024-10-21" });

  test("has the variables of the SDKs that can be served, and of no others", () => {
    const { set, unset } = of([openai, connection("anthropic", "anthropic")]);
    expect(set).toEqual({
      OPENAI_API_KEY: "TOKEN",
      OPENAI_BASE_URL: `${GATEWAY}/v1`,
      OPENAI_API_BASE: `${GATEWAY}/v1`,
      ANTHROPIC_API_KEY: "TOKEN",
      ANTHROPIC_BASE_URL: GATEWAY,
      ANTHROPIC_API_URL: GATEWAY,
    });
    expect(unset).toContain("ANTHROPIC_AUTH_TOKEN");
  });

  test("with Azure alone leaves OpenAI's own variables out, which Node's Azure SDK does not bear", () => {
    const { set } = of([azure]);
    expect(set).toMatchObject({ AZURE_OPENAI_ENDPOINT: GATEWAY, OPENAI_API_VERSION: "2024-10-21" });
    expect(set).not.toHaveProperty("OPENAI_BASE_URL");
  });

  test("says when several connections could serve one SDK, unless one of them is chosen", () => {
    const groq = connection("groq", "openai-compatible");
    expect(of([openai, groq]).notices).toEqual([expect.stringContaining("openai, groq")]);
    expect(of([openai, groq], { hasDefault: true }).notices).toEqual([]);
    const chosen = of([openai, groq], { only: groq });
    expect(chosen.notices).toEqual([]);
    expect(chosen.set["OPENAI_BASE_URL"]).toBe(`${GATEWAY}/c/groq/v1`);
  });

  test("follows a reference in an SDK's own variable to that connection, address and all", () => {
    const references = new Map([["OPENAI_API_KEY", reference(openai)]]);
    const { set, unset } = of([openai], { references, onlyReferences: true });
    expect(set).toMatchObject({ OPENAI_API_KEY: "TOKEN", OPENAI_BASE_URL: `${GATEWAY}/c/openai/v1` });
    expect(unset).not.toContain("OPENAI_API_KEY");
  });

  test("says when a credential stands in a variable whose address nobody knows", () => {
    const alone = new Map([["MY_KEY", reference(openai)]]);
    expect(of([openai], { references: alone }).notices).toEqual([expect.stringContaining("?base-url")]);
    const both = new Map([...alone, ["MY_URL", reference(openai, "base-url")]] as const);
    const { set, notices } = of([openai], { references: both, onlyReferences: true });
    expect(notices).toEqual([]);
    expect(set).toEqual({ MY_KEY: "TOKEN", MY_URL: `${GATEWAY}/c/openai/v1` });
  });

  test("says when another key of the connection is the one in use", () => {
    const references = new Map([["OPENAI_API_KEY", { ...reference(openai), servedByOther: true }]]);
    expect(of([openai], { references }).notices).toEqual([expect.stringContaining("another one")]);
  });
});
