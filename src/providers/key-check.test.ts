import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { curlFor } from "./curl.ts";
import { checkKeyLocally } from "./key-check.ts";
import { possibleOwners } from "./key-families.ts";
import type { KeyProblem } from "./key-problem.ts";
import { PROVIDERS, resolveProviderName } from "./registry.ts";

/** Built at run time: no key-shaped literal stands in any file. */
const body = "a1B2".repeat(10);
const projectKey = ["sk", "proj", body].join("-");
const adminKey = ["sk", "admin", body].join("-");
const anthropicKey = ["sk", "ant", `api03-${body}`].join("-");
const settings = { baseUrl: "https://h.example" };

function check(name: string, value: string, kind: "inference" | "admin" = "inference") {
  return checkKeyLocally(resolveProviderName(name).provider, value, { kind, settings });
}

const told = (problems: readonly KeyProblem[]) => problems.map(({ severity, code }) => `${severity} ${code}`);

describe("what is pasted around a key is taken off, with a warning", () => {
  test.each([
    [` ${projectKey}\r\n`, ["warn surrounding_space"]],
    [`"${projectKey}"`, ["warn quotes"]],
    [`'${projectKey}',`, ["warn quotes"]],
    [`Bearer ${projectKey}`, ["warn bearer_prefix"]],
    [`Authorization: Bearer ${projectKey}`, ["warn bearer_prefix"]],
    [`x-api-key: ${projectKey}`, ["warn bearer_prefix"]],
    [`export OPENAI_API_KEY="${projectKey}"\n`, ["warn surrounding_space", "warn assignment", "warn quotes"]],
    [`${projectKey.slice(0, 20)}\n  ${projectKey.slice(20)}`, ["warn inner_space"]],
    [projectKey, []],
  ])("case %#", (pasted, problems) => {
    const result = check("openai", pasted);
    expect(result.value).toBe(projectKey);
    expect(told(result.problems)).toEqual(problems);
  });
});

describe("what is clearly no key for this use is refused", () => {
  test.each([
    ["openai", "", "empty"],
    ["openai", "  \n", "empty"],
    ["openai", "sk-…abcd", "redacted"],
    ["openai", "sk-...abcd", "redacted"],
    ["openai", "sk-proj-****abcd", "redacted"],
    ["openai", "${OPENAI_API_KEY}", "placeholder"],
    ["openai", "$OPENAI_API_KEY", "placeholder"],
    ["openai", "<your key>", "placeholder"],
    ["openai", "YOUR_API_KEY", "placeholder"],
    ["openai", `${projectKey}\u0007`, "not_a_header_value"],
    ["openai", `${projectKey}ü`, "not_a_header_value"],
    ["openai", `${projectKey} ${projectKey}`, "inner_space"],
    ["openai", "a".repeat(10_000), "too_long"],
    ["openai", `sk-ownkey-${body}`, "virtual_key"],
    ["openai", adminKey, "admin_key"],
    ["anthropic", ["sk", "ant", `admin01-${body}`].join("-"), "admin_key"],
    ["anthropic", ["sk", "ant", `oat01-${body}`].join("-"), "oauth_token"],
    ["anthropic", ["sk", "ant", `ort01-${body}`].join("-"), "oauth_token"],
    ["google", `ya29.${body}`, "oauth_token"],
    ["openai", anthropicKey, "other_provider"],
    ["anthropic", projectKey, "other_provider"],
    ["azure", anthropicKey, "other_provider"],
    ["groq", `xai-${body}`, "other_provider"],
    ["openai", `AIza${body}`, "other_provider"],
    ["openai", ["ghp", body].join("_"), "other_provider"],
  ])("%s, case %#", (name, value, code) => {
    const { problems } = check(name, value);
    expect(
      problems.filter(({ severity }) => severity === "refuse").map((problem) => problem.code as string),
    ).toEqual([code]);
  });

  test("a key for requests is no admin credential, and the other way round", () => {
    expect(told(check("openai", adminKey, "admin").problems)).toEqual([]);
    expect(told(check("openai", projectKey, "admin").problems)).toEqual(["refuse inference_key"]);
  });
});

describe("a strange shape alone is never a refusal", () => {
  test("unknown formats are a warning where formats are known, and nothing where not", () => {
    expect(told(check("openai", "brandnew-format-1").problems)).toEqual(["warn unusual_shape"]);
    expect(told(check("google", "brandnew-format-1").problems)).toEqual(["warn unusual_shape"]);
    expect(told(check("azure", "brandnew-format-1").problems)).toEqual([]);
    expect(told(check("mistral", "brandnew-format-1").problems)).toEqual([]);
  });

  test("the shared prefix sk- tells nothing", () => {
    expect(told(check("deepseek", `sk-${"0123456789abcdef".repeat(2)}`).problems)).toEqual([]);
    expect(check("mistral", `sk-${body}`).problems).toEqual([]);
    expect(told(check("openai", `sk-${body}`).problems)).toEqual(["warn unusual_shape"]);
  });

  test("a server that the user names may take any credential", () => {
    expect(told(check("openai-compatible", anthropicKey).problems)).toEqual(["warn other_provider"]);
    expect(told(check("ollama", "").problems)).toEqual([]);
    expect(told(check("ollama", "not-needed").problems)).toEqual([]);
  });

  test("no random value of header characters is refused for its shape", () => {
    const text = fc.string({
      unit: fc.constantFrom(..."abcdefghjkmnpqrstuvwyz0123456789_-".split("")),
      minLength: 20,
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.constantFrom(...PROVIDERS), text, (provider, rest) => {
        const { problems } = checkKeyLocally(provider, `q${rest}`, { kind: "inference", settings });
        expect(problems.every(({ severity, code }) => severity === "warn" || code === "placeholder")).toBe(
          true,
        );
      }),
    );
  });
});

test("no message repeats any part of the value", () => {
  for (const value of [adminKey, anthropicKey, projectKey, `${projectKey}ü`]) {
    const text = JSON.stringify(check("groq", value).problems);
    expect(text).not.toContain(body.slice(0, 8));
  }
});

test("plain http is pointed out", () => {
  const { provider } = resolveProviderName("ollama");
  const open = { baseUrl: "http://192.168.1.5:11434", insecureHttp: true };
  expect(told(checkKeyLocally(provider, "x1", { kind: "inference", settings: open }).problems)).toEqual([
    "warn plain_http",
  ]);
});

test("owners are offered by prefix, all that share it", () => {
  expect(possibleOwners(anthropicKey).map(({ id }) => id as string)).toEqual(["anthropic"]);
  expect(possibleOwners(`sk-${body}`).map(({ title }) => title)).toEqual(["OpenAI", "DeepSeek"]);
  expect(possibleOwners("opaque")).toEqual([]);
});

describe("the equivalent curl", () => {
  test("expands the key from a variable and nothing else", () => {
    const { provider } = resolveProviderName("openai");
    const tricky = { baseUrl: "https://api.openai.com", organization: "o'$(id)" };
    const text = curlFor({
      provider,
      settings: tricky,
      call: provider.testCall(tricky),
      variable: "OPENAI_API_KEY",
    });
    expect(text).toBe(
      [
        "curl -sS --max-time 10 -X GET 'https://api.openai.com/v1/models'",
        `-H "authorization: Bearer \${OPENAI_API_KEY}"`,
        `-H 'openai-organization: o'\\''$(id)'`,
      ].join(" \\\n  "),
    );
  });

  test("Anthropic's needs its version header", () => {
    const { provider } = resolveProviderName("anthropic");
    const plain = { baseUrl: "https://api.anthropic.com" };
    const text = curlFor({ provider, settings: plain, call: provider.testCall(plain), variable: "K" });
    expect(text).toContain("-H 'anthropic-version: 2023-06-01'");
    expect(text).toContain('-H "x-api-key: ${K}"');
  });
});
