// One test for each rule: what has a bound and how high it is, and what has none.
import { expect, test } from "bun:test";
import { AppError } from "../../kernel/index.ts";
import { traitsOf } from "./models.ts";
import { bound, bounded, limited, outputOf, png, refused, request } from "./bounds.testing.ts";

const HELLO = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello" }] };
const ASK = { model: "gpt-5.1", input: "Hello" };
const SAY = { model: "claude-sonnet-4-6", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] };
const GENERATE = { contents: [{ role: "user", parts: [{ text: "Hello" }] }] };

const chatPart = (part: unknown) => ({ ...HELLO, messages: [{ role: "user", content: [part] }] });
const block = (part: unknown) => ({ ...SAY, messages: [{ role: "user", content: [part] }] });
const item = (part: unknown) => ({ ...ASK, input: [part] });
const part = (value: unknown) => ({ contents: [{ role: "user", parts: [value] }] });

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error.code : `not ours: ${String(error)}`;
  }
}

test("input is bounded by the bytes of the body, plus constants", () => {
  const { inputTokens } = bounded("chat", HELLO);
  const bytes = request("chat", HELLO).body?.length ?? 0;
  expect(inputTokens).toBe(bytes + 64 + 16);
  const longer = { ...HELLO, messages: [{ role: "user", content: `Hello${"x".repeat(1000)}` }] };
  expect(bounded("chat", longer).inputTokens).toBe(inputTokens + 1000);
});

test("text that grows in a compatible form counts as it grows, but for tokenizers that read bytes", () => {
  // U+FDFA is 3 bytes and stands for a phrase of 33.
  const phrase = "\uFDFA".repeat(100);
  const said = { ...SAY, messages: [{ role: "user", content: phrase }] };
  expect(bounded("messages", said).inputTokens).toBeGreaterThan(3300);
  expect(
    bounded("messages", JSON.stringify(said).replaceAll("\uFDFA", "\\ufdfa")).inputTokens,
  ).toBeGreaterThan(3300);
  const asked = { ...HELLO, messages: [{ role: "user", content: phrase }] };
  expect(bounded("chat", asked).inputTokens).toBeLessThan(500);
});

test("an escaped escape is no escape", () => {
  const text = JSON.stringify({ ...SAY, messages: [{ role: "user", content: "\\ufdfa".repeat(50) }] });
  const { inputTokens } = bounded("messages", text);
  expect(inputTokens).toBe(text.length + 128 + 16);
});

test("tools and schemas count twice, and bring the provider's own text along", () => {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const tools = [{ type: "function", function: { name: "weather", parameters } }];
  const plain = bounded("chat", HELLO).inputTokens;
  const bytes = JSON.stringify({ ...HELLO, tools }).length - JSON.stringify(HELLO).length;
  expect(bounded("chat", { ...HELLO, tools }).inputTokens).toBe(
    plain + bytes + JSON.stringify(parameters).length + 32 + 256,
  );
});

test("the output limit is put in where the client has none", () => {
  expect(limited("chat", HELLO, 50)).toEqual({ ...HELLO, max_completion_tokens: 50 });
  expect(limited("responses", ASK, 50)).toEqual({ ...ASK, max_output_tokens: 50 });
  expect(limited("messages", { ...SAY, max_tokens: null }, 50)).toEqual({ ...SAY, max_tokens: 50 });
  expect(limited("generate", GENERATE, 50)).toEqual({
    ...GENERATE,
    generationConfig: { maxOutputTokens: 50 },
  });
  expect(limited("generate", { ...GENERATE, generationConfig: { seed: 1 } }, 50)).toEqual({
    ...GENERATE,
    generationConfig: { seed: 1, maxOutputTokens: 50 },
  });
  expect(limited("generate", { ...GENERATE, generation_config: {} }, 50)).toEqual({
    ...GENERATE,
    generation_config: { maxOutputTokens: 50 },
  });
  expect(limited("generate", { ...GENERATE, generationConfig: null }, 50)).toEqual({
    ...GENERATE,
    generationConfig: { maxOutputTokens: 50 },
  });
});

test("the client's own limit is lowered where it stands, and every other byte stays", () => {
  const text = `{ "model":"gpt-4.1", "seed": 12345678901234567890, "max_tokens" : 1e3 , "messages":[] }`;
  const output = outputOf(bounded("chat", text));
  expect(output.clientLimit).toBe(1000);
  expect(output.edit(1000)).toBeNull();
  const edit = output.edit(7);
  expect(text.slice(edit?.start, edit?.end)).toBe("1e3");
  expect(edit?.text).toBe("7");
});

test("a limit of null is none, and gets one", () => {
  expect(outputOf(bounded("chat", { ...HELLO, max_completion_tokens: null })).clientLimit).toBeNull();
  expect(limited("chat", { ...HELLO, max_completion_tokens: null }, 9)).toEqual({
    ...HELLO,
    max_completion_tokens: 9,
  });
});

test("limits that nobody could rely on are refused", () => {
  expect(refused("chat", { ...HELLO, max_tokens: 5, max_completion_tokens: 9 })).toBeDefined();
  for (const limit of [-1, 0.5, "100", true, [], 1e300, 0]) {
    expect(refused("chat", { ...HELLO, max_tokens: limit })).toBe("max_tokens");
  }
  expect(refused("generate", { ...GENERATE, generationConfig: { maxOutputTokens: "100" } })).toBe(
    "generationConfig.maxOutputTokens",
  );
});

test("a limit of 0 is none for Gemini, and nothing at all for Anthropic", () => {
  const body = { ...GENERATE, generationConfig: { maxOutputTokens: 0 } };
  expect(outputOf(bounded("generate", body)).clientLimit).toBeNull();
  expect(limited("generate", body, 8)).toEqual({ ...GENERATE, generationConfig: { maxOutputTokens: 8 } });
  expect(outputOf(bounded("messages", { ...SAY, max_tokens: 0 })).clientLimit).toBe(0);
});

test("a limit in another spelling than the provider reads is no limit", () => {
  expect(refused("chat", { ...HELLO, maxTokens: 5 })).toBe("maxTokens");
  expect(refused("chat", { ...HELLO, Max_Tokens: 5 })).toBe("Max_Tokens");
  expect(refused("chat", { ...HELLO, max_output_tokens: 5 })).toBe("max_output_tokens");
  expect(
    outputOf(bounded("generate", { ...GENERATE, generation_config: { max_output_tokens: 5 } })).clientLimit,
  ).toBe(5);
});

test("a member that is there twice is ambiguous, however it is spelled and wherever a rule holds", () => {
  const twice = [
    `{"max_tokens":1,"max_tokens":2}`,
    `{"max_tokens":1,"maxTokens":2}`,
    `{"max_tokens":1,"max\\u005ftokens":2}`,
    `{"n":1,"N":9}`,
    `{"messages":[{"role":"user","content":"a","content":"b"}]}`,
    `{"tools":[{"type":"function","type":"web_search"}]}`,
    `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"a","url":"b"}}]}]}`,
  ];
  for (const body of twice) expect(codeOf(() => bound("chat", body))).toBe("ambiguous_body");
  const inline = `{"contents":[{"parts":[{"inlineData":{"data":"a","mimeType":"image/png","mime_type":"x/y"}}]}]}`;
  expect(codeOf(() => bound("generate", inline))).toBe("ambiguous_body");
});

test("names beneath members that are free are the client's own", () => {
  const parameters = `{"type":"object","properties":{"a":{},"A":{}},"properties":{}}`;
  const body = `{"messages":[],"tools":[{"type":"function","function":{"name":"x","parameters":${parameters}}}]}`;
  expect(bounded("chat", body).output).not.toBeNull();
});

test("a member that is not in the table is refused by name", () => {
  expect(refused("chat", { ...HELLO, brand_new: 1 })).toBe("brand_new");
  expect(refused("responses", item({ role: "user", content: "a", extra: 1 }))).toBe("input.extra");
  expect(refused("messages", { ...SAY, thread: {} })).toBe("thread");
  expect(refused("generate", { ...GENERATE, generationConfig: { newThing: 1 } })).toBe(
    "generationConfig.newThing",
  );
  expect(refused("chat", { ...HELLO, "sk-very secret text": 1 })).toBe("(another)");
});

test("what is refused by name can be let through by name, and is told", () => {
  const body = { ...HELLO, brand_new: 1 };
  expect(bounded("chat", body, { allow: ["brand_new"] }).allowed).toEqual(["brand_new"]);
  expect(refused("chat", body, { allow: ["other"] })).toBe("brand_new");
  const tools = [{ type: "web_search" }];
  expect(refused("responses", { ...ASK, tools })).toBe("tools.web_search");
  expect(bounded("responses", { ...ASK, tools }, { allow: ["tools.web_search"] }).allowed).toEqual([
    "tools.web_search",
  ]);
});

const CONTEXT = 400_000;

test("references that are let through cost at most what the model holds", () => {
  const body = { ...ASK, previous_response_id: "resp_1" };
  const asked = { model: "gpt-5.1" };
  expect(refused("responses", body, asked)).toBe("previous_response_id");
  const allow = ["previous_response_id"];
  expect(bounded("responses", body, { ...asked, allow }).inputTokens).toBe(CONTEXT);
  expect(refused("responses", body, { model: "of-nobody", allow })).toBe("previous_response_id");
});

test("each reference, server tool and background run is refused", () => {
  const fields: [string | undefined, string][] = [
    [refused("responses", { ...ASK, conversation: "conv_1" }), "conversation"],
    [refused("responses", { ...ASK, prompt: { id: "pmpt_1" } }), "prompt"],
    [refused("responses", { ...ASK, background: true }), "background"],
    [refused("responses", { ...ASK, context_management: [{ type: "compaction" }] }), "context_management"],
    [refused("responses", item({ type: "item_reference", id: "rs_1" })), "input.item_reference"],
    // The type of a reference may be left out, or null.
    [refused("responses", item({ id: "rs_1" })), "input.item_reference"],
    [refused("responses", item({ type: null, id: "rs_1", role: "user" })), "input.item_reference"],
    [refused("responses", item({ id: "rs_1", role: "user", content: null })), "input.item_reference"],
    [refused("responses", { ...ASK, service_tier: 3 }), "service_tier"],
    [refused("generate", { ...GENERATE, serviceTier: 3 }), "serviceTier"],
    [refused("generate", { ...GENERATE, service_tier: [] }), "service_tier"],
    [refused("messages", { ...SAY, speed: true }), "speed"],
    [refused("messages", { ...SAY, inference_geo: 1 }), "inference_geo"],
    [refused("generate", { ...GENERATE, model: "models/gemini-2.5-pro" }), "model"],
    [
      refused(
        "embeddings",
        { requests: [{ model: "models/other", content: { parts: [{ text: "a" }] } }] },
        { provider: "google", model: "gemini-embedding-001", path: "/v1beta/models/x:batchEmbedContents" },
      ),
      "requests.model",
    ],
    [refused("responses", { ...ASK, reasoning: { mode: "pro" } }), "reasoning.mode"],
    [refused("responses", { ...ASK, tools: [{ type: "file_search" }] }), "tools.file_search"],
    [refused("chat", { ...HELLO, web_search_options: {} }), "web_search_options"],
    [refused("chat", { ...HELLO, audio: { voice: "alloy" } }), "audio"],
    [refused("chat", { ...HELLO, modalities: ["text", "audio"] }), "modalities"],
    [
      refused("chat", chatPart({ type: "file", file: { file_id: "file_1" } })),
      "messages.content.file.file_id",
    ],
    [refused("chat", chatPart({ type: "video_url" })), "messages.content.video_url"],
    [refused("chat", { ...HELLO, prompt_cache_options: { ttl: "12h" } }), "prompt_cache_options.ttl"],
    [refused("messages", { ...SAY, container: "c" }), "container"],
    [refused("messages", { ...SAY, mcp_servers: [{}] }), "mcp_servers"],
    [refused("messages", { ...SAY, tools: [{ type: "web_fetch_20250910" }] }), "tools.web_fetch_20250910"],
    [refused("messages", { ...SAY, tools: [{ type: "of_tomorrow" }] }), "tools.of_tomorrow"],
    [
      refused("messages", block({ type: "image", source: { type: "url", url: "https://x" } })),
      "messages.content.source.url",
    ],
    [
      refused("messages", block({ type: "document", source: { type: "file", file_id: "f" } })),
      "messages.content.source.file",
    ],
    [refused("messages", block({ type: "server_tool_use" })), "messages.content.server_tool_use"],
    [
      refused(
        "messages",
        block({ type: "document", citations: { enabled: true }, source: { type: "text", data: "" } }),
      ),
      "messages.content.citations.enabled",
    ],
    [refused("generate", { ...GENERATE, cachedContent: "cachedContents/1" }), "cachedContent"],
    [refused("generate", { ...GENERATE, tools: [{ googleSearch: {} }] }), "tools.googleSearch"],
    [refused("generate", { ...GENERATE, tools: [{ google_search: {} }] }), "tools.google_search"],
    [refused("generate", part({ fileData: { fileUri: "files/1" } })), "contents.parts.fileData"],
    [
      refused("generate", { ...GENERATE, generationConfig: { responseModalities: ["IMAGE"] } }),
      "generationConfig.responseModalities",
    ],
    [
      refused("generate", { ...GENERATE, generationConfig: { responseSchema: { $ref: "#/$defs/a" } } }),
      "generationConfig.responseSchema.$ref",
    ],
  ];
  for (const [field, expected] of fields) expect(field).toBe(expected);
});

test("models that search, paint or speak are refused by the model", () => {
  for (const model of [
    "gpt-4o-search-preview",
    "o3-deep-research",
    "gpt-4o-audio-preview",
    "groq/compound",
  ]) {
    expect(refused("chat", HELLO, { model })).toBe("model");
  }
  expect(refused("generate", GENERATE, { model: "gemini-2.5-flash-image" })).toBe("model");
});

test("parallel answers multiply the output", () => {
  expect(outputOf(bounded("chat", { ...HELLO, n: 4 })).choices).toBe(4);
  expect(outputOf(bounded("chat", { ...HELLO, n: 0 })).choices).toBe(1);
  expect(
    outputOf(bounded("generate", { ...GENERATE, generationConfig: { candidateCount: 3 } })).choices,
  ).toBe(3);
  const prompts = { model: "m", prompt: ["a", "b"], n: 2, best_of: 5 };
  expect(outputOf(bounded("completions", prompts)).choices).toBe(10);
  expect(outputOf(bounded("completions", { ...prompts, prompt: [[1, 2], [3]] })).choices).toBe(10);
  expect(outputOf(bounded("completions", { ...prompts, prompt: [1, 2, 3] })).choices).toBe(5);
  for (const n of ["2", 2000, -1, 1.5]) expect(refused("chat", { ...HELLO, n })).toBe("n");
});

test("completions have the provider's own limit of 16", () => {
  expect(outputOf(bounded("completions", { model: "m", prompt: "a" })).clientLimit).toBe(16);
});

test("a predicted output is charged beside the limit", () => {
  const prediction = { type: "content", content: "x".repeat(500) };
  const { fixedOutputTokens } = bounded("chat", { ...HELLO, prediction });
  expect(fixedOutputTokens).toBe(JSON.stringify(prediction).length);
});

test("thinking needs a limit above its budget", () => {
  const thinking = { type: "enabled", budget_tokens: 5000 };
  expect(outputOf(bounded("messages", { ...SAY, max_tokens: 8000, thinking })).minimum).toBe(5001);
  expect(refused("messages", { ...SAY, thinking: { type: "enabled", budget_tokens: "all" } })).toBe(
    "thinking.budget_tokens",
  );
});

test("tiers and places: asked for, or whatever they may be", () => {
  expect(bounded("chat", HELLO).tiers).toContain("priority");
  expect(bounded("chat", { ...HELLO, service_tier: "default" }).tiers).toEqual(["default"]);
  expect(bounded("messages", SAY)).toMatchObject({ tiers: ["standard"], places: ["us"] });
  expect(bounded("messages", { ...SAY, speed: "fast" }).tiers).toContain("fast");
  expect(bounded("messages", { ...SAY, inference_geo: "global" }).places).toEqual([]);
  expect(bounded("generate", { ...GENERATE, serviceTier: "SERVICE_TIER_PRIORITY" }).tiers).toEqual([
    "priority",
  ]);
});

test("other servers have no tiers that could make them dearer", () => {
  const asked = { provider: "openai-compatible", model: "some-model", allow: ["max_tokens"] } as const;
  expect(bounded("chat", HELLO, asked).tiers).toEqual([]);
  expect(bounded("chat", HELLO, { ...asked, provider: "google" }).tiers).toEqual([]);
  expect(refused("chat", { ...HELLO, service_tier: "priority" }, asked)).toBe("service_tier");
});

test("families of models, by name: what is newer than the table is never taken for something cheaper", () => {
  const title = (model: string) => traitsOf(model).family?.title;
  expect(title("claude-opus-4-20250514")).toBe("Claude Opus 4, 4.1");
  expect(title("claude-opus-4-1")).toBe("Claude Opus 4, 4.1");
  expect(title("claude-opus-4-9")).toBe("Claude Fable, Mythos, Opus and Sonnet from 4.7 on");
  expect(title("claude-sonnet-4-5-20250929")).toBe("Claude Sonnet 4, 3.7, Opus 4.5");
  expect(title("models/gemini-2.5-flash")).toBe("Gemini 2.5 and later");
  expect(title("gpt-4o-mini-2024-07-18")).toBe("GPT-4o mini");
  expect(title("ft:gpt-4o-2024-08-06:acme::x")).toBe("GPT-4o");
  expect(title("gpt-5-2025-08-07")).toBe("GPT-5, 5.1");
  expect(title("gpt-4-0613")).toBe("GPT-4");
  for (const model of ["gpt-5.7", "gpt-7", "gpt-4.2", "claude-haiku-5", "o5", "grok-4"]) {
    expect(title(model)).toBeUndefined();
  }
});

test("writes into the cache: as asked for, or of the model's own accord", () => {
  expect(bounded("messages", SAY).cacheWrites).toBe("none");
  expect(bounded("messages", { ...SAY, cache_control: { type: "ephemeral" } }).cacheWrites).toBe("5m");
  expect(bounded("messages", { ...SAY, cache_control: { type: "ephemeral", ttl: "1h" } }).cacheWrites).toBe(
    "1h",
  );
  expect(bounded("chat", HELLO).cacheWrites).toBe("none");
  expect(bounded("chat", HELLO, { model: "gpt-5.6-sol" }).cacheWrites).toBe("5m");
});

test("pictures: tokens by their size, by each provider's rule", () => {
  const plain = bounded("messages", block({ type: "text", text: "" })).inputTokens;
  const source = { type: "base64", media_type: "image/png", data: png(1000, 1000) };
  const seen = bounded("messages", block({ type: "image", source })).inputTokens;
  expect(seen - plain).toBeGreaterThanOrEqual(36 * 36);
  expect(seen - plain).toBeLessThan(36 * 36 + 200);
  const huge = { ...source, data: png(8000, 8000) };
  expect(bounded("messages", block({ type: "image", source: huge })).inputTokens - seen).toBe(1600 - 36 * 36);
});

test("a picture that cannot be measured is refused", () => {
  const url = (text: string) => chatPart({ type: "image_url", image_url: { url: text } });
  const field = "messages.content.image_url.url";
  expect(refused("chat", url("https://example.com/a.png"))).toBe(field);
  expect(refused("chat", url("data:image/png;base64,AAAA"))).toBe(field);
  expect(refused("chat", url(`data:image/png;base64,${png(8, 8)}`.replace("iVBOR", "iVB OR")))).toBe(field);
  expect(refused("chat", url(`data:text/html;base64,${png(8, 8)}`))).toBe(field);
  expect(refused("chat", url(`data:image/png;base64,${png(8, 8)}`))).toBeUndefined();
  expect(refused("chat", url(`data:image/png;base64,${png(8, 8)}`), { model: "gpt-4" })).toBe(field);
});

test("a picture with every slash escaped is the same picture", () => {
  const data = png(640, 480);
  const body = JSON.stringify(
    chatPart({ type: "image_url", image_url: { url: `data:image/png;base64,${data}` } }),
  );
  expect(body).toContain("/");
  const escaped = bounded("chat", body.replaceAll("/", "\\/"));
  expect(escaped.inputTokens).toBeLessThanOrEqual(bounded("chat", body).inputTokens + 10);
});

test("documents and sound cost at most what the model holds", () => {
  const file = chatPart({
    type: "file",
    file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA" },
  });
  expect(bounded("chat", file).inputTokens).toBe(1_047_576);
  expect(refused("chat", file, { model: "of-nobody" })).toBe("messages.content.file.file_data");
  const sound = part({ inlineData: { mimeType: "audio/wav", data: "AAAA" } });
  expect(bounded("generate", sound)).toMatchObject({ inputTokens: 1_048_576, audioInputTokens: 1_048_576 });
});

test("the model may stand in the body as well, as long as it is that of the path", () => {
  expect(refused("generate", { ...GENERATE, model: "models/gemini-2.5-flash" })).toBeUndefined();
});

test("earlier reasoning whose carried text is empty is looked up, and counts as if it were not there", () => {
  const input = [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "" }];
  expect(bounded("responses", { ...ASK, input }, { model: "gpt-5" }).inputTokens).toBeGreaterThanOrEqual(
    400_000,
  );
});

test("earlier reasoning: by its bytes when it is carried, else by what the model holds", () => {
  const asked = { model: "gpt-5.1" };
  const carried = item({ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "opaque" });
  expect(bounded("responses", carried, asked).inputTokens).toBeLessThan(500);
  expect(bounded("responses", item({ type: "reasoning", id: "rs_1", summary: [] }), asked).inputTokens).toBe(
    CONTEXT,
  );
});

test("servers that are not known to keep to a limit are refused, unless it is let through", () => {
  const asked = { provider: "openai-compatible", model: "some-model" } as const;
  expect(refused("chat", HELLO, { ...asked, preset: null })).toBe("max_tokens");
  expect(refused("chat", HELLO, { ...asked, preset: "openrouter" })).toBe("max_tokens");
  expect(refused("chat", HELLO, { ...asked, preset: "xai" })).toBe("max_completion_tokens");
  expect(limited("chat", HELLO, 5, { ...asked, preset: null, allow: ["max_tokens"] })).toEqual({
    ...HELLO,
    max_tokens: 5,
  });
  expect(limited("chat", HELLO, 5, { ...asked, preset: "groq" })).toEqual({
    ...HELLO,
    max_completion_tokens: 5,
  });
  expect(limited("chat", { ...HELLO, max_completion_tokens: 9 }, 5, { ...asked, preset: "mistral" })).toEqual(
    {
      ...HELLO,
      max_completion_tokens: 9,
      max_tokens: 5,
    },
  );
});

test("servers on the user's own machine, and free routes, cost nothing", () => {
  const asked = { provider: "openai-compatible", preset: "ollama" } as const;
  expect(bounded("chat", HELLO, asked)).toMatchObject({ inputTokens: 0, output: null });
  expect(bounded("moderations", { input: "a" })).toMatchObject({ inputTokens: 0, output: null });
  expect(bounded("count_tokens", "not even JSON")).toMatchObject({ inputTokens: 0, output: null });
});

test("judging texts is free at OpenAI; other servers charge for it, by what is in them", () => {
  const mistral = { provider: "openai-compatible", preset: "mistral" } as const;
  const judged = bounded("moderations", { model: "m", input: ["abc", "def"] }, mistral);
  expect(judged).toMatchObject({ output: null, fixedOutputTokens: 0 });
  expect(judged.inputTokens).toBeGreaterThan(20);
  expect(refused("moderations", { input: [{ type: "image_url" }] }, mistral)).toBe("input");
  expect(refused("moderations", { input: "a", more: 1 }, mistral)).toBe("more");
});

test("routes without a published bound are refused by their kind", () => {
  expect(refused("audio_speech", { input: "a" })).toBe("route.audio_speech");
  expect(refused("audio_transcription", "form")).toBe("route.audio_transcription");
  expect(refused("responses", ASK, { path: "/v1/responses/compact" })).toBe("route.responses");
  expect(refused("images", { prompt: "a" }, { path: "/v1/images/edits" })).toBe("route.images");
  expect(bounded("other", {}, { allow: ["route.other"] }).allowed).toEqual(["route.other"]);
});

test("pictures painted: of models, sizes and qualities whose tokens are published", () => {
  expect(bounded("images", { prompt: "a", n: 3, quality: "medium" }).fixedOutputTokens).toBe(
    3 * (1584 + 300),
  );
  expect(refused("images", { prompt: "a", size: "4096x4096" })).toBe("size");
  expect(refused("images", { prompt: "a", quality: "ultra" })).toBe("quality");
  expect(refused("images", { prompt: "a" }, { model: "gpt-image-2" })).toBe("model");
});

test("embeddings have no output, and take texts and tokens only", () => {
  expect(bounded("embeddings", { input: [[1, 2], [3]] }).output).toBeNull();
  expect(refused("embeddings", { input: [{ image: "x" }] })).toBe("input");
});

test("a body that is no JSON object is bad input, and one that cannot be seen has no bound", () => {
  for (const body of ["", "[]", "{", `{"a":1}}`, `{"a":01}`, "nul"]) {
    expect(codeOf(() => bound("chat", body))).toBe("invalid_input");
  }
  expect(codeOf(() => bound("chat", `{"messages":[${"[],".repeat(600_000)}[]]}`))).toBe("too_large");
  expect(refused("chat", HELLO, { body: null } as object)).toBe("body");
});
