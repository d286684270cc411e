/** `POST /v1/messages`. */
import type { JsonNode } from "../json-tree.ts";
import { document, image } from "../media/measures.ts";
import { citing, each, type Rule } from "../rule.ts";
import type { Tally } from "../tally.ts";
import { ANTHROPIC_SDK, OPAQUE } from "./sources.ts";

const {
  byKind,
  free,
  kept,
  limit,
  list,
  measured,
  measuredObject,
  object,
  oneOf,
  reference,
  refused,
  schema,
  typed,
} = citing(ANTHROPIC_SDK);

const MESSAGE_TOKENS = 16;
const BLOCK_TOKENS = 8;
const TOOL_TOKENS = 64;
/** The text of a tool that Anthropic has written: 245 for bash, 700 for the editor, 735 and 499 for the computer. */
const WRITTEN_TOOL_TOKENS = 2048;

const CACHE = {
  cache_control: measuredObject(
    { type: free(), ttl: free() },
    cacheControl,
    "a write into the cache, for five minutes or an hour",
  ),
};

function cacheControl(node: JsonNode, _path: string, tally: Tally): void {
  const life = node.members.find((member) => tally.tree.name(member) === "ttl");
  const isShort = life === undefined || life.value.kind === "null" || tally.tree.text(life.value) === "5m";
  tally.writesCache(isShort ? "5m" : "1h");
}

const CITATIONS = {
  citations: byKind({
    object: object({ enabled: oneOf([false], "has documents cut into pieces that are counted one by one") }),
    array: free("of an earlier answer"),
  }),
};

const TEXT = object({ type: free(), text: free(), ...CITATIONS, ...CACHE });

const IMAGE = object({
  type: free(),
  transformations: free(),
  source: typed({
    base64: object({
      type: free(),
      media_type: free(),
      data: measured(image, "tokens by its size in pixels"),
    }),
    url: reference("is fetched by the provider, so that its size is not known"),
    file: reference("is stored at the provider, so that its size is not known"),
  }),
  ...CACHE,
});

const SEARCH_RESULT = object({
  ...each(["type", "source", "title"], free()),
  content: list(TEXT, BLOCK_TOKENS),
  ...CITATIONS,
  ...CACHE,
});

const DOCUMENT = object({
  ...each(["type", "title", "context"], free()),
  source: typed({
    base64: object({
      type: free(),
      media_type: free(),
      data: measured(document, "at most the model's context"),
    }),
    text: object({ type: free(), media_type: free(), data: free() }),
    content: object({
      type: free(),
      content: byKind({ string: free(), array: list(typed({ text: TEXT, image: IMAGE }), BLOCK_TOKENS) }),
    }),
    url: reference("is fetched by the provider, so that its size is not known"),
    file: reference("is stored at the provider, so that its size is not known"),
  }),
  ...CITATIONS,
  ...CACHE,
});

const opaque = citing(OPAQUE).free("by its bytes");

const BLOCKS = typed({
  text: TEXT,
  image: IMAGE,
  document: DOCUMENT,
  search_result: SEARCH_RESULT,
  thinking: object({ type: free(), thinking: free(), signature: opaque }),
  redacted_thinking: object({ type: free(), data: opaque }),
  tool_use: object({ ...each(["type", "id", "name", "input", "caller", "toolset_name"], free()), ...CACHE }),
  tool_result: object({
    ...each(["type", "tool_use_id", "is_error", "toolset_name"], free()),
    content: byKind({
      string: free(),
      array: list(
        typed({ text: TEXT, image: IMAGE, document: DOCUMENT, search_result: SEARCH_RESULT }),
        BLOCK_TOKENS,
      ),
    }),
    ...CACHE,
  }),
});

const CUSTOM_TOOL = object({
  ...each(
    ["type", "name", "description", "strict", "eager_input_streaming", "defer_loading", "allowed_callers"],
    free(),
  ),
  input_schema: schema("it may be restated in the prompt"),
  input_examples: schema(),
  ...CACHE,
});

/** Run by the client; their text is the provider's. */
const WRITTEN_TOOL = measuredObject(
  {
    ...each(
      [
        "type",
        "name",
        "allowed_callers",
        "defer_loading",
        "display_height_px",
        "display_number",
        "display_width_px",
        "enable_zoom",
        "max_characters",
        "strict",
      ],
      free(),
    ),
    input_examples: schema(),
    ...CACHE,
  },
  (_node, _path, tally) => {
    tally.extraTokens += WRITTEN_TOOL_TOKENS;
  },
  `${WRITTEN_TOOL_TOKENS} tokens for its text`,
);

const SERVER_TOOL = refused("runs at the provider, which charges for it and feeds it to the model");

const FORMAT = typed({
  json_schema: object({ type: free(), schema: schema("it may be restated in the prompt") }),
});

export const MESSAGES: Readonly<Record<string, Rule>> = {
  ...each(
    [
      "diagnostics",
      "metadata",
      "model",
      "stop_sequences",
      "stream",
      "temperature",
      "tool_choice",
      "top_k",
      "top_p",
      "user_profile_id",
      "workspace_id",
    ],
    free(),
  ),
  max_tokens: limit("covers thinking, as a strict limit"),
  messages: list(
    object({
      role: free(),
      content: byKind({ string: free(), array: list(BLOCKS, BLOCK_TOKENS) }),
    }),
    MESSAGE_TOKENS,
  ),
  system: byKind({ string: free(), array: list(TEXT, BLOCK_TOKENS) }),
  thinking: typed({
    enabled: object({
      type: free(),
      budget_tokens: kept("thinking_budget", "the limit has to be larger"),
      display: free(),
    }),
    adaptive: object({ type: free(), display: free() }),
    between_tools: object({ type: free() }),
    disabled: object({ type: free() }),
  }),
  tools: list(
    typed(
      {
        custom: CUSTOM_TOOL,
        ...each(
          [
            "bash_20241022",
            "bash_20250124",
            "text_editor_20241022",
            "text_editor_20250124",
            "text_editor_20250429",
            "text_editor_20250728",
            "computer_20241022",
            "computer_20250124",
            "computer_20251124",
            "memory_20250818",
          ],
          WRITTEN_TOOL,
        ),
        ...each(
          [
            "web_search_20250305",
            "web_search_20260209",
            "web_search_20260318",
            "web_fetch_20250910",
            "web_fetch_20260209",
            "web_fetch_20260309",
            "web_fetch_20260318",
            "code_execution_20250522",
            "code_execution_20250825",
            "code_execution_20260120",
            "code_execution_20260521",
            "tool_search_tool_bm25_20251119",
            "tool_search_tool_regex_20251119",
            "advisor_20260301",
            "mcp_toolset",
          ],
          SERVER_TOOL,
        ),
      },
      "custom",
    ),
    TOOL_TOKENS,
  ),
  output_config: object({ effort: free(), format: FORMAT }),
  output_format: FORMAT,
  cache_control: CACHE.cache_control,
  service_tier: kept("tier", "what was committed to beforehand is counted at the list price"),
  speed: kept("speed", "fast mode has a price of its own"),
  inference_geo: kept("place", "some places cost more; without it, any that the workspace may be set to"),
  context_management: object({
    edits: list(
      typed({
        clear_tool_uses_20250919: free("shortens the input"),
        clear_thinking_20251015: free("shortens the input"),
        compact_20260112: refused("has the conversation shortened by another call of a model"),
      }),
    ),
  }),
  container: refused("runs programs at the provider"),
  mcp_servers: refused("has the provider call other servers and feed their answers to the model"),
  fallbacks: refused("names other models, at other prices"),
};
