import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../kernel/index.ts";
import { resolveProviderName } from "./registry.ts";
import { normaliseSettings, type SettingsInput } from "./settings.ts";

const normalise = (name: string, input: SettingsInput) =>
  normaliseSettings(resolveProviderName(name).provider, input);
const settingsOf = (name: string, input: SettingsInput) => normalise(name, input).settings;

describe("a base URL may be given with or without its version segment", () => {
  test.each([
    ["openai", undefined, "https://api.openai.com"],
    ["openai", "https://api.openai.com/v1", "https://api.openai.com"],
    ["openai", "https://api.openai.com/v1/v1/", "https://api.openai.com"],
    ["openai", "https://gw.example/team/v1/chat/completions", "https://gw.example/team"],
    ["openai", "api.openai.com/v1", "https://api.openai.com"],
    ["anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com"],
    [
      "google",
      "https://generativelanguage.googleapis.com/v1beta",
      "https://generativelanguage.googleapis.com",
    ],
    [
      "google",
      "https://generativelanguage.googleapis.com/v1beta/openai/",
      "https://generativelanguage.googleapis.com",
    ],
    ["groq", "https://api.groq.com/openai/v1", "https://api.groq.com/openai"],
    ["groq", undefined, "https://api.groq.com/openai"],
    ["ollama", "localhost:11434/v1", "http://localhost:11434"],
    ["lmstudio", "http://[::1]:1234", "http://[::1]:1234"],
    ["azure", "https://res.openai.azure.com/", "https://res.openai.azure.com"],
    ["azure", "res.openai.azure.com/openai/v1/", "https://res.openai.azure.com"],
    ["azure", "https://res.services.ai.azure.com/api/projects/mine", "https://res.services.ai.azure.com"],
    ["azure", "https://apim.example/team/openai", "https://apim.example/team"],
  ] as const)("%s %s → %s", (name, baseUrl, expected) => {
    expect(settingsOf(name, baseUrl === undefined ? {} : { baseUrl }).baseUrl).toBe(expected);
  });

  test.each([
    ["https://api.example/v4", { baseUrl: "https://api.example", versionPath: "/v4" }],
    ["https://g.example/v1beta/openai", { baseUrl: "https://g.example/v1beta/openai", versionPath: "" }],
    ["https://res.example/models", { baseUrl: "https://res.example/models" }],
    ["https://api.example/v1/models", { baseUrl: "https://api.example" }],
  ])("a compatible server's own version is kept: %s", (baseUrl, settings) => {
    expect(settingsOf("openai-compatible", { baseUrl })).toEqual(settings);
  });
});

test("Azure's target URI gives endpoint, deployment and version, and says so", () => {
  const uri =
    "https://res.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2025-01-01-preview";
  const { settings, notes } = normalise("azure", { baseUrl: uri, deployments: ["other=gpt-x"] });
  expect(settings).toEqual({
    baseUrl: "https://res.openai.azure.com",
    deployments: { "my-gpt": "", other: "gpt-x" },
    apiVersion: "2025-01-01-preview",
  });
  expect(notes.join()).toContain("path of the endpoint was dropped");
});

test("an empty text takes a setting away", () => {
  const input = { organization: "", project: "", model: "", apiVersion: "", region: "" };
  expect(settingsOf("openai", input)).toEqual({ baseUrl: "https://api.openai.com" });
});

test("a region with a host of its own chooses the base URL", () => {
  expect(settingsOf("openai", { region: "eu" })).toEqual({
    baseUrl: "https://eu.api.openai.com",
    region: "eu",
  });
  expect(() => settingsOf("openai", { region: "moon" })).toThrow("--region");
});

describe("what could send a key astray is refused", () => {
  test.each([
    ["openai", { baseUrl: "http://api.openai.com" }, "plain http"],
    ["openai", { baseUrl: "ftp://api.openai.com" }, "neither https nor http"],
    ["openai", { baseUrl: "https://me:pass@api.openai.com" }, "user name or password"],
    ["openai", { baseUrl: "https://api.openai.com/?key=1" }, "query"],
    ["openai", { baseUrl: "https://api.openai.com/#x" }, "fragment"],
    ["openai", { baseUrl: "https://" }, "not a URL"],
    ["openai", { baseUrl: `https://h.example/${"a".repeat(3000)}` }, "characters"],
    ["openai", { deployments: ["x"] }, "belong to Azure"],
    ["openai", { organization: "org\r\nx-evil: 1" }, "--organization"],
    ["openai", { adminBaseUrl: "http://admin.example" }, "plain http"],
    ["azure", {}, "--endpoint is needed"],
    ["azure", { baseUrl: "https://res.openai.azure.com/strange" }, "path that no Azure resource has"],
    ["azure", { baseUrl: "https://res.openai.azure.com?code=1" }, "query"],
    ["azure", { baseUrl: "https://res.openai.azure.com", deployments: ["a/b"] }, "--deployment"],
    ["openai-compatible", {}, "--base-url is needed"],
    ["ollama", { baseUrl: "http://192.168.1.5:11434" }, "plain http"],
  ] as const)("%s %j: %s", (name, input, message) => {
    expect(() => settingsOf(name, input)).toThrow(message);
  });

  test("plain http to another machine needs the flag, which is kept", () => {
    const input = { baseUrl: "http://192.168.1.5:11434", insecureHttp: true, allowPrivate: true };
    expect(settingsOf("ollama", input)).toEqual(input);
  });
});

test("any text gives settings below https or loopback, or a clear refusal", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (baseUrl) => {
      try {
        const url = new URL(settingsOf("openai-compatible", { baseUrl }).baseUrl);
        expect(url.username + url.password + url.search + url.hash).toBe("");
        expect(url.protocol === "https:" || /localhost|127\.|\[::1\]/.test(url.hostname)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        expect((error as AppError).code).toBe("invalid_input");
      }
    }),
  );
});
