/** `…:generateContent`, `…:streamGenerateContent` and the embedding routes of Gemini. */
import type { JsonNode } from "../json-tree.ts";
import { document, image, sound } from "../media/measures.ts";
import { citing, each, type Rule } from "../rule.ts";
import type { Tally } from "../tally.ts";
import { GEMINI_LIMIT, GENAI_SDK, OPAQUE } from "./sources.ts";

const {
  byKind,
  free,
  kept,
  list,
  measured,
  measuredObject,
  object,
  oneOf,
  reference,
  refused,
  unrolledSchema,
} = citing(GENAI_SDK);

const CONTENT_TOKENS = 16;
const PART_TOKENS = 4;
const TOOL_TOKENS = 64;

/** Google reads names in both spellings. */
export function bothSpellings(members: Readonly<Record<string, Rule>>): Record<string, Rule> {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, rule]) => {
      const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return snake === name
        ? [[name, rule]]
        : [
            [name, rule],
            [snake, rule],
          ];
    }),
  );
}

const shape = (members: Record<string, Rule>) => object(bothSpellings(members));

/** Which of two models it is that answers is not to be found out by trying. */
const MODEL = measured((node, path, tally) => {
  if (plainName(tally.tree.text(node)) !== plainName(tally.model ?? "")) {
    tally.refuse(path, "is another model than the path names");
  }
}, "that of the path");

function plainName(name: string | undefined): string | undefined {
  return name?.toLowerCase().replace(/^models\//, "");
}

const FREE_PART = each(
  ["text", "thought", "functionCall", "executableCode", "codeExecutionResult", "partMetadata"],
  free(),
);

const INLINE = measuredObject(
  bothSpellings(each(["data", "displayName", "mimeType"], free())),
  inline,
  "pictures by their size; documents and sound: at most the model's context",
);

/** What is in it is told by its media type, and a picture's bytes have to bear that out. */
function inline(node: JsonNode, path: string, tally: Tally): void {
  const member = (...names: readonly string[]) =>
    node.members.find((each) => names.includes(tally.tree.name(each)))?.value;
  const data = member("data");
  const typeNode = member("mimeType", "mime_type");
  const type = (typeNode === undefined ? undefined : tally.tree.text(typeNode))?.toLowerCase() ?? "";
  if (data === undefined) return;
  if (type.startsWith("image/")) image(data, `${path}.data`, tally);
  else if (type.startsWith("audio/") || type.startsWith("video/")) sound(data, `${path}.data`, tally);
  else document(data, `${path}.data`, tally);
}

const PART = shape({
  ...FREE_PART,
  thoughtSignature: citing(OPAQUE).free("by its bytes"),
  inlineData: INLINE,
  functionResponse: shape({
    ...each(["id", "name", "response", "scheduling", "willContinue"], free()),
    parts: list(shape({ inlineData: INLINE, fileData: reference("is stored at the provider") })),
  }),
  fileData: reference("is stored at the provider or fetched by it, so that its size is not known"),
  mediaResolution: free("the dearest is taken anyhow"),
  videoMetadata: free(),
});

const CONTENT = shape({ role: free(), parts: byKind({ object: PART, array: list(PART, PART_TOKENS) }) });

const SCHEMA = unrolledSchema("it may be restated in the prompt");

const TOOLS = shape({
  functionDeclarations: list(
    shape({
      ...each(["name", "description", "behavior"], free()),
      ...each(["parameters", "parametersJsonSchema", "response", "responseJsonSchema"], SCHEMA),
    }),
    TOOL_TOKENS,
  ),
  ...each(
    [
      "codeExecution",
      "computerUse",
      "enterpriseWebSearch",
      "fileSearch",
      "googleMaps",
      "googleSearch",
      "googleSearchRetrieval",
      "mcpServers",
      "retrieval",
      "urlContext",
    ],
    refused("runs at the provider, which charges for it and feeds it to the model"),
  ),
});

export const GENERATE: Readonly<Record<string, Rule>> = bothSpellings({
  ...each(["labels", "safetySettings", "store"], free()),
  model: MODEL,
  contents: byKind({ object: CONTENT, array: list(CONTENT, CONTENT_TOKENS) }),
  systemInstruction: byKind({ string: free(), object: CONTENT }),
  tools: byKind({ object: TOOLS, array: list(TOOLS) }),
  toolConfig: shape({ functionCallingConfig: free(), retrievalConfig: free() }),
  serviceTier: kept("tier", "without it, the standard one"),
  cachedContent: reference("is stored at the provider, so that its size is not known"),
  generationConfig: shape({
    ...each(
      [
        "audioTimestamp",
        "enableEnhancedCivicAnswers",
        "frequencyPenalty",
        "logprobs",
        "mediaResolution",
        "presencePenalty",
        "responseLogprobs",
        "responseMimeType",
        "seed",
        "stopSequences",
        "temperature",
        "thinkingConfig",
        "topK",
        "topP",
      ],
      free(),
    ),
    ...each(["responseSchema", "responseJsonSchema"], SCHEMA),
    maxOutputTokens: citing(GEMINI_LIMIT).limit("covers thoughts"),
    candidateCount: kept("choices", "each candidate may be as long as the limit"),
    responseModalities: list(oneOf(["TEXT", "text"], "asks for pictures or sound")),
    speechConfig: refused("asks for sound"),
    imageConfig: refused("asks for pictures"),
    routingConfig: refused("lets the provider choose another model"),
    modelSelectionConfig: refused("lets the provider choose another model"),
  }),
});

const EMBED_MEMBERS = bothSpellings({
  ...each(["taskType", "title", "outputDimensionality", "autoTruncate", "embedContentConfig"], free()),
  model: MODEL,
  content: shape({
    role: free(),
    parts: byKind({
      object: shape({ text: free() }),
      array: list(
        shape({ text: free(), inlineData: reference("is media, which are not counted as text") }),
        4,
      ),
    }),
  }),
});

export const EMBED: Readonly<Record<string, Rule>> = {
  ...EMBED_MEMBERS,
  requests: list(object(EMBED_MEMBERS), CONTENT_TOKENS),
};
