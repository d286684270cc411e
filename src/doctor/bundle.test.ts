import { expect, test } from "bun:test";
import { supportBundle } from "./bundle.ts";

const key = `sk-proj-${"Ab1".repeat(20)}`;

test("a bundle holds what helps, and no secret from any of its sources", () => {
  const text = supportBundle({
    createdAt: "2026-11-24T00:00:00.000Z",
    version: "1.0.0",
    outcomes: [{ id: "keys.test:openai/main", status: "fail", what: `the provider says: ${key}` }],
    inventory: { connections: { items: [{ name: "openai", [key]: `https://x/?key=${key}` }] } },
    settings: [
      { name: "databaseUrl", value: "postgres://u:hunter2@db/x", source: "environment" },
      { name: "port", value: 7788, source: "default" },
    ],
    environment: { OPENAI_API_KEY: "plain-value", HTTP_PROXY: "http://u:hunter2@p", EDITOR: "vi" },
    log: [`{"event":"x","text":"${key}"}`],
  });
  expect(text).not.toContain(key.slice(8, 30));
  expect(text).not.toMatch(/hunter2|plain-value/);
  const document = JSON.parse(text) as Record<string, unknown>;
  expect(document["variables"]).toEqual(["HTTP_PROXY", "OPENAI_API_KEY"]);
  expect(document["settings"]).toEqual([
    { name: "databaseUrl", source: "environment", value: "[left out]" },
    { name: "port", source: "default", value: 7788 },
  ]);
});
