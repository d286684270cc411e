import { expect, test } from "bun:test";
import { normaliseSettings, resolveProviderName, type SettingsInput } from "../../providers/index.ts";
import { KEY_FORMATS, readFormat } from "../read/read-format.ts";
import { writeFormat } from "./write-format.ts";
import type { WrittenKey } from "./written-key.ts";

function written(name: string, value: string, input: SettingsInput = {}, gateway?: string): WrittenKey {
  const { provider } = resolveProviderName(name);
  const { settings } = normaliseSettings(provider, input);
  return { provider, label: `${name}/main`, value, settings, ...(gateway === undefined ? {} : { gateway }) };
}

const openai = `sk-${"proj"}-${"a1B2".repeat(12)}`;
const azure = "0123456789abcdef".repeat(2);
const groq = `gs${"k_"}${"g7H8".repeat(13)}`;

const all = [
  written("openai", openai, { organization: "org-1" }),
  written("azure", azure, { baseUrl: "https://x.openai.azure.com", deployments: ["gpt-4"] }),
  written("groq", groq),
];

test("what is written is read again, in each format", () => {
  for (const format of KEY_FORMATS) {
    const { text, notes } = writeFormat(format, all);
    expect(notes).toEqual([]);
    const variables = Object.fromEntries(
      [...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = "", value]) => [name, value]),
    );
    const { keys } = readFormat(format, text, format === "env" ? variables : {});
    expect(
      keys.map(({ provider, value, settings }) => ({ provider, value: value.reveal(), ...settings })),
    ).toEqual([
      { provider: "openai", value: openai, organization: "org-1" },
      {
        provider: "azure",
        value: azure,
        baseUrl: "https://x.openai.azure.com",
        deployments: ["gpt-4"],
      },
      { provider: "groq", value: groq },
    ]);
  }
});

test("a virtual key comes with the gateway's address, or with a word on it", () => {
  const vk = `sk-${"ownkey"}-example`;
  const at = (name: string) => `http://127.0.0.1:7788/c/${name}`;
  const keys = ["openai", "anthropic", "groq"].map((name) => written(name, vk, {}, at(name)));
  expect(writeFormat("dotenv", keys).text.split("\n")).toEqual([
    `OPENAI_API_KEY=${vk}`,
    `OPENAI_BASE_URL=${at("openai")}/v1`,
    `OPENAI_API_BASE=${at("openai")}/v1`,
    `ANTHROPIC_API_KEY=${vk}`,
    `ANTHROPIC_BASE_URL=${at("anthropic")}`,
    `ANTHROPIC_API_URL=${at("anthropic")}`,
    `GROQ_API_KEY=${vk}`,
    `# GROQ_API_KEY is good at ${at("groq")}/v1 only: give that to what uses it as the base URL`,
    "",
  ]);
  expect(JSON.parse(writeFormat("cursor", keys.slice(0, 2)).text)).toEqual({
    "cursor.openai.apiKey": vk,
    "cursor.openai.baseUrl": `${at("openai")}/v1`,
    "cursor.anthropic.apiKey": vk,
    "cursor.anthropic.baseUrl": at("anthropic"),
  });
});

test("a reference stands alone: who resolves it knows the address", () => {
  const azureKey = written("azure", "ownkey://azure/main", { baseUrl: "https://x.openai.azure.com" });
  const keys = [{ ...azureKey, isReference: true }];
  expect(writeFormat("dotenv", keys).text).toBe("AZURE_OPENAI_API_KEY=ownkey://azure/main\n");
  expect(JSON.parse(writeFormat("cursor", keys).text)).toEqual({
    "cursor.azure.apiKey": "ownkey://azure/main",
  });
});

test("a second key of a provider is told, and overwrites nothing", () => {
  const twice = [written("openai", openai), written("openai", `${openai}z`)];
  for (const format of KEY_FORMATS) {
    const { text, notes } = writeFormat(format, twice);
    expect(text).not.toContain(`${openai}z`);
    expect(notes).toHaveLength(1);
  }
});

test("values cannot leave their quotes", () => {
  const value = `a'b"c$d\\e f`;
  expect(writeFormat("env", [written("openai", value)]).text).toBe(
    `export OPENAI_API_KEY='a'\\''b"c$d\\e f'\n`,
  );
  expect(writeFormat("dotenv", [written("openai", value)]).text).toBe(
    `OPENAI_API_KEY="a'b\\"c\\$d\\\\e f"\n`,
  );
});
