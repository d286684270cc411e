import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../../kernel/index.ts";
import { KEY_FORMATS, readFormat } from "./read-format.ts";
import type { ReadKeys, Variables } from "./read-key.ts";

const openai = `sk-${"proj"}-${"a1B2".repeat(12)}`;
const anthropic = `sk-${"ant"}-api03-${"c3D4".repeat(12)}`;
const google = `AI${"za"}${"e5F6".repeat(9)}`;
const azure = "0123456789abcdef".repeat(2);
const groq = `gs${"k_"}${"g7H8".repeat(13)}`;

const seen = ({ keys }: ReadKeys) =>
  keys.map(({ label, provider, kind, settings, value }) => ({
    label,
    provider,
    ...(kind === "admin" ? { kind } : {}),
    ...settings,
    value: value.reveal(),
  }));

function cursor(settings: object, variables: Variables = {}) {
  return seen(readFormat("cursor", JSON.stringify(settings), variables));
}

function refusal(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("the settings of the guide", () => {
  test("flat names, with organisation, endpoint, deployment and model beside the keys", () => {
    expect(
      cursor({
        "editor.fontSize": 14,
        "cursor.openai.apiKey": openai,
        "cursor.openai.organization": "org-1",
        "cursor.anthropic.apiKey": anthropic,
        "cursor.azure.apiKey": azure,
        "cursor.azure.endpoint": "https://x.openai.azure.com",
        "cursor.azure.deployment": "gpt-4",
        "cursor.google.apiKey": google,
        "cursor.google.model": "gemini-2.5-flash",
      }),
    ).toEqual([
      { label: "cursor.openai.apiKey", provider: "openai", organization: "org-1", value: openai },
      { label: "cursor.anthropic.apiKey", provider: "anthropic", value: anthropic },
      {
        label: "cursor.azure.apiKey",
        provider: "azure",
        baseUrl: "https://x.openai.azure.com",
        deployments: ["gpt-4"],
        value: azure,
      },
      { label: "cursor.google.apiKey", provider: "google", model: "gemini-2.5-flash", value: google },
    ]);
  });

  test("the nested cursor.apiKeys, with comments and a trailing comma", () => {
    const text = `{
      // keys
      "cursor.apiKeys": {
        "openai": "${openai}",
        "azure": { "apiKey": "${azure}", "endpoint": "https://x.openai.azure.com", "deployment": "d", },
      },
    }`;
    expect(seen(readFormat("cursor", text, {}))).toEqual([
      { label: "cursor.apiKeys.openai", provider: "openai", value: openai },
      {
        label: "cursor.apiKeys.azure.apiKey",
        provider: "azure",
        baseUrl: "https://x.openai.azure.com",
        deployments: ["d"],
        value: azure,
      },
    ]);
  });

  test("one provider's key in both forms is two settings; what stands beside one counts for both", () => {
    expect(
      cursor({
        "cursor.openai.apiKey": openai,
        "cursor.apiKeys": { openai: `${openai}z` },
        "cursor.openai.organization": "org-1",
      }),
    ).toEqual([
      { label: "cursor.openai.apiKey", provider: "openai", organization: "org-1", value: openai },
      { label: "cursor.apiKeys.openai", provider: "openai", organization: "org-1", value: `${openai}z` },
    ]);
  });

  test("spellings of people: openAI, openai.apiKey, an address of another service", () => {
    expect(cursor({ "cursor.openAI.apiKey": openai })).toMatchObject([{ provider: "openai" }]);
    expect(cursor({ "openai.apiKey": openai })).toMatchObject([{ provider: "openai" }]);
    expect(
      cursor({ "cursor.openai.apiKey": groq, "cursor.openai.baseUrl": "https://api.groq.com/openai/v1" }),
    ).toMatchObject([{ provider: "groq" }]);
  });

  test("variables are resolved in both spellings; one that is not set is named", () => {
    const settings = {
      "cursor.openai.apiKey": "${OPENAI_API_KEY}",
      "cursor.anthropic.apiKey": "${env:ANTHROPIC_API_KEY}",
    };
    expect(cursor(settings, { OPENAI_API_KEY: openai, ANTHROPIC_API_KEY: anthropic })).toMatchObject([
      { value: openai },
      { value: anthropic },
    ]);
    const missing = refusal(() => cursor(settings, { OPENAI_API_KEY: openai }));
    expect(missing.code).toBe("not_found");
    expect(missing.message).toContain("ANTHROPIC_API_KEY");
    expect(missing.message).toContain("cursor.anthropic.apiKey");
  });

  test("virtual keys and unknown providers are passed over, and told", () => {
    const { keys, notes } = readFormat(
      "cursor",
      JSON.stringify({
        "cursor.openai.apiKey": `sk-${"ownkey"}-${"x".repeat(43)}`,
        "cursor.nobody.apiKey": openai,
        "cursor.google.apiKey": google,
      }),
      {},
    );
    expect(keys.map(({ provider }) => provider)).toEqual(["google"]);
    expect(notes).toHaveLength(2);
  });
});

describe("variables", () => {
  test("the usual names, prefixed ones and admin credentials, with what stands beside them", () => {
    const variables = {
      PATH: "/bin",
      OPENAI_API_KEY: openai,
      OPENAI_ORG_ID: "org-1",
      OPENAI_BASE_URL: "http://127.0.0.1:7788/v1",
      AIDER_ANTHROPIC_API_KEY: anthropic,
      OPENAI_ADMIN_KEY: `${openai}x`,
      AZURE_OPENAI_API_KEY: azure,
      AZURE_OPENAI_ENDPOINT: "https://x.openai.azure.com",
      MISTRAL_API_KEY: "",
    };
    expect(seen(readFormat("env", "", variables))).toEqual([
      { label: "OPENAI_API_KEY", provider: "openai", organization: "org-1", value: openai },
      { label: "AIDER_ANTHROPIC_API_KEY", provider: "anthropic", value: anthropic },
      {
        label: "OPENAI_ADMIN_KEY",
        provider: "openai",
        kind: "admin",
        organization: "org-1",
        value: `${openai}x`,
      },
      {
        label: "AZURE_OPENAI_API_KEY",
        provider: "azure",
        baseUrl: "https://x.openai.azure.com",
        value: azure,
      },
    ]);
  });

  test("a dotenv file: quotes, export, comments, references to its own lines and to the session", () => {
    const text = [
      "# keys",
      `BASE=${openai}`,
      'export OPENAI_API_KEY="${BASE}"',
      "ANTHROPIC_API_KEY=${SESSION_KEY}",
      "OTHER=${NOT_SET}",
      "",
    ].join("\r\n");
    expect(seen(readFormat("dotenv", text, { SESSION_KEY: anthropic }))).toEqual([
      { label: "OPENAI_API_KEY", provider: "openai", value: openai },
      { label: "ANTHROPIC_API_KEY", provider: "anthropic", value: anthropic },
    ]);
    expect(refusal(() => readFormat("dotenv", text, {})).message).toContain("SESSION_KEY");
  });
});

test("any text gives keys or an error for people, never anything else", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KEY_FORMATS),
      fc.oneof(fc.string(), fc.json(), fc.constant(`{"cursor.openai.apiKey":"\${"`)),
      (format, text) => {
        try {
          expect(readFormat(format, text, {}).keys.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      },
    ),
  );
});
