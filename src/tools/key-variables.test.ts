import { expect, test } from "bun:test";
import { suggestKeys } from "./key-variables.ts";

const key = "sk-" + "a".repeat(40);
const KNOWN = [
  { provider: "openai", variables: ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY"] },
  { provider: "google", variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"] },
  {
    provider: "azure",
    variables: ["AZURE_OPENAI_API_KEY"],
    options: '--endpoint "$AZURE_OPENAI_ENDPOINT"',
  },
];

test("a set variable gives the command that takes it over, with its name and never its value", () => {
  const suggestions = suggestKeys({ OPENAI_API_KEY: key, PATH: "/usr/bin" }, KNOWN);
  expect(suggestions).toEqual([
    {
      provider: "openai",
      variable: "OPENAI_API_KEY",
      command: "ownkey keys add openai --from-env OPENAI_API_KEY",
    },
  ]);
  expect(JSON.stringify(suggestions)).not.toContain(key);
});

test("empty variables, Ownkey's own keys and admin credentials are not suggested", () => {
  const env = {
    OPENAI_API_KEY: " ",
    OPENAI_ADMIN_KEY: key,
    GEMINI_API_KEY: "",
    GOOGLE_API_KEY: "sk-ownkey-" + "b".repeat(30),
  };
  expect(suggestKeys(env, KNOWN)).toEqual([]);
});

test("each provider is suggested once, by its most usual variable", () => {
  const variables = (env: Record<string, string>) => suggestKeys(env, KNOWN).map(({ variable }) => variable);
  expect(variables({ GOOGLE_API_KEY: key, GEMINI_API_KEY: key })).toEqual(["GEMINI_API_KEY"]);
  expect(variables({ GOOGLE_API_KEY: key })).toEqual(["GOOGLE_API_KEY"]);
});

test("what a provider needs besides the key is part of the command", () => {
  expect(suggestKeys({ AZURE_OPENAI_API_KEY: key }, KNOWN)[0]?.command).toBe(
    'ownkey keys add azure --endpoint "$AZURE_OPENAI_ENDPOINT" --from-env AZURE_OPENAI_API_KEY',
  );
});
