/**
 * What is known of the models' families: how much they write and hold at the most, and what a picture costs them.
 * A price says which models there are; this table only says how their requests are bounded.
 */
import { remember } from "../../kernel/index.ts";
import {
  dearestOf,
  geminiTiles,
  type ImageRule,
  patches,
  tiles,
  visualTokens,
} from "./media/image-tokens.ts";
import type { Source } from "./source.ts";

/** By its published name. Older ones belong to models that are retired, and to embeddings, which cost next to nothing. */
export type Encoding = "o200k_base";

export interface ModelFamily {
  readonly names: RegExp;
  /** For people. */
  readonly title: string;
  /** The largest limit that it takes. */
  readonly outputTokens: number;
  /** All that it holds at once: input never is more. */
  readonly contextTokens: number;
  /** Absent: it takes no pictures, or nothing is known of what they cost. */
  readonly image?: { readonly tokens: ImageRule; readonly source: Source };
  /** Writes into the provider's cache are charged of their own accord. */
  readonly chargesCacheWrites?: true;
  /** Its tokens are pieces of the text's bytes, so that no token is shorter than a byte of it. */
  readonly bytePairs?: true;
  /** Its encoding, where that is published: its text can be counted token by token. */
  readonly encoding?: Encoding;
  /** Reasons before it answers, and takes `max_completion_tokens` only. */
  readonly reasons?: true;
  readonly source: Source;
}

/** What a model's name tells. */
export interface ModelTraits {
  readonly family: ModelFamily | undefined;
  /** It does more than answer: it searches, paints, speaks, or calls others. Its cost is not told by the body. */
  readonly doesMore: boolean;
}

/** Of the names asked for lately. */
const known = new Map<string, ModelTraits>();
const MOST_KNOWN = 500;

export function traitsOf(model: string | null): ModelTraits {
  const name = model ?? "";
  return known.get(name) ?? remember(known, MOST_KNOWN, name, traitsOfFolded(name.toLowerCase()));
}

function traitsOfFolded(name: string): ModelTraits {
  return { family: familyNamed(name), doesMore: NOT_BOUNDED_MODELS.test(name) };
}

/** The first that fits. Names are compared in lower case without a maker's or `models/` prefix. */
function familyNamed(folded: string): ModelFamily | undefined {
  const name = folded.replace(/^(?:models|openai|anthropic|google)\//, "").replace(/^ft:/, "");
  return MODEL_FAMILIES.find(({ names }) => names.test(name));
}

const NOT_BOUNDED_MODELS =
  /search|research|compound|sonar|:online|audio|realtime|live|tts|transcribe|image|imagen|veo|lyria|omni-|multi-agent|robotics|computer-use/;

const LIMITS: Source = {
  text: "https://models.dev: limit.output and limit.context",
  date: "2026-07-02",
};
const NEWEST: Source = {
  text: "genai-prices 0.1.8 (context); output as of the family before",
  date: "2026-09-23",
  assumption: true,
};

type OpenaiEntry = Omit<ModelFamily, "source" | "bytePairs" | "encoding">;

const openai = (entry: OpenaiEntry, source = LIMITS): ModelFamily => ({ ...entry, bytePairs: true, source });

/** From GPT-4o on: the encoding is in OpenAI's tiktoken and in gpt-tokenizer 4.0.0. */
const encoded = (entry: OpenaiEntry): ModelFamily => ({ ...openai(entry), encoding: "o200k_base" });

const VISION: Source = {
  text: "https://platform.openai.com/docs/guides/images-vision; measured: community.openai.com/t/1377015, github.com/openai/codex/issues/19806; the dearest of both, at the dearest detail",
  date: "2026-11-28",
};
const CLAUDE_VISION: Source = {
  text: "https://platform.claude.com/docs/en/build-with-claude/vision: squares of 28 pixels, at most 1568 or 4784",
  date: "2026-11-28",
};
const GEMINI_VISION: Source = {
  text: "https://ai.google.dev/gemini-api/docs/tokens (tiles) and /media-resolution (at most 2240)",
  date: "2026-11-28",
};

const seenBy = (source: Source) => (tokens: ImageRule) => ({ tokens, source });
const openaiImage = seenBy(VISION);
const claudeImage = seenBy(CLAUDE_VISION);
const geminiImage = seenBy(GEMINI_VISION);

const CLASSIC = tiles(85, 170);
/** Detail "original" keeps up to 10,000 patches. */
const LARGEST = patches(120, 10_000);

export const MODEL_FAMILIES: readonly ModelFamily[] = [
  openai(
    {
      title: "GPT-6",
      names: /^gpt-6/,
      outputTokens: 128_000,
      contextTokens: 1_050_000,
      image: openaiImage(LARGEST),
      chargesCacheWrites: true,
      reasons: true,
    },
    NEWEST,
  ),
  openai(
    {
      title: "GPT-5.6",
      names: /^gpt-5\.6/,
      outputTokens: 128_000,
      contextTokens: 1_050_000,
      image: openaiImage(LARGEST),
      chargesCacheWrites: true,
      reasons: true,
    },
    NEWEST,
  ),
  encoded({
    title: "GPT-5.4 mini, nano",
    names: /^gpt-5\.[45]-(?:mini|nano)/,
    outputTokens: 128_000,
    contextTokens: 400_000,
    image: openaiImage(dearestOf(patches(246, 1536), patches(120, 2500))),
    reasons: true,
  }),
  encoded({
    title: "GPT-5.4, 5.5",
    names: /^gpt-5\.[45]/,
    outputTokens: 128_000,
    contextTokens: 1_050_000,
    image: openaiImage(LARGEST),
    reasons: true,
  }),
  encoded({
    title: "GPT-5.1 to 5.3 chat",
    names: /^gpt-5\.[123]-chat/,
    outputTokens: 16_384,
    contextTokens: 128_000,
    image: openaiImage(dearestOf(tiles(70, 140), patches(120, 1536))),
    reasons: true,
  }),
  encoded({
    title: "GPT-5.2, 5.3",
    names: /^gpt-5\.[23]/,
    outputTokens: 128_000,
    contextTokens: 400_000,
    image: openaiImage(dearestOf(tiles(70, 140), patches(120, 2500))),
    reasons: true,
  }),
  encoded({
    title: "GPT-5 mini, nano",
    names: /^gpt-5(?:\.1-codex)?-(?:mini|nano)/,
    outputTokens: 128_000,
    contextTokens: 400_000,
    image: openaiImage(patches(246, 1536)),
    reasons: true,
  }),
  encoded({
    title: "GPT-5, 5.1",
    names: /^gpt-5(?:\.1)?(?![.\d])/,
    outputTokens: 128_000,
    contextTokens: 400_000,
    image: openaiImage(dearestOf(tiles(70, 140), patches(120, 1536))),
    reasons: true,
  }),
  encoded({
    title: "o4-mini, codex-mini",
    names: /^(?:o4-mini|codex-mini)/,
    outputTokens: 100_000,
    contextTokens: 200_000,
    image: openaiImage(patches(172, 1536)),
    reasons: true,
  }),
  encoded({
    title: "o1-mini",
    names: /^o1-mini/,
    outputTokens: 65_536,
    contextTokens: 128_000,
    reasons: true,
  }),
  encoded({
    title: "o1-preview",
    names: /^o1-preview/,
    outputTokens: 32_768,
    contextTokens: 128_000,
    reasons: true,
  }),
  encoded({
    title: "o1, o3",
    names: /^o[13]/,
    outputTokens: 100_000,
    contextTokens: 200_000,
    image: openaiImage(tiles(75, 150)),
    reasons: true,
  }),
  encoded({
    title: "GPT-4.1 mini, nano",
    names: /^gpt-4\.1-(?:mini|nano)/,
    outputTokens: 32_768,
    contextTokens: 1_047_576,
    image: openaiImage(patches(246, 1536)),
  }),
  encoded({
    title: "GPT-4.1",
    names: /^gpt-4\.1/,
    outputTokens: 32_768,
    contextTokens: 1_047_576,
    image: openaiImage(dearestOf(CLASSIC, patches(100, 1536))),
  }),
  encoded({
    title: "GPT-4.5",
    names: /^gpt-4\.5/,
    outputTokens: 16_384,
    contextTokens: 128_000,
    image: openaiImage(CLASSIC),
  }),
  encoded({
    title: "GPT-4o mini",
    names: /^gpt-4o-mini/,
    outputTokens: 16_384,
    contextTokens: 128_000,
    image: openaiImage(tiles(2833, 5667)),
  }),
  encoded({
    title: "GPT-4o of May 2024",
    names: /^gpt-4o-2024-05-13/,
    outputTokens: 4096,
    contextTokens: 128_000,
    image: openaiImage(CLASSIC),
  }),
  encoded({
    title: "GPT-4o",
    names: /^(?:gpt-4o|chatgpt-4o)/,
    outputTokens: 16_384,
    contextTokens: 128_000,
    image: openaiImage(CLASSIC),
  }),
  openai({
    title: "GPT-4 Turbo",
    names: /^gpt-4-(?:turbo|vision|1106|0125)/,
    outputTokens: 4096,
    contextTokens: 128_000,
    image: openaiImage(CLASSIC),
  }),
  // Prompt and limit together must fit these small contexts, so that the limit is not set to all of it.
  openai({
    title: "GPT-4 32k",
    names: /^gpt-4-32k/,
    outputTokens: 8192,
    contextTokens: 32_768,
  }),
  openai({
    title: "GPT-4",
    names: /^gpt-4(?![.o\d])/,
    outputTokens: 2048,
    contextTokens: 8192,
  }),
  openai({
    title: "GPT-3.5 instruct, davinci-002, babbage-002",
    names: /^(?:gpt-3\.5-turbo-instruct|davinci|babbage)/,
    outputTokens: 1024,
    contextTokens: 16_384,
  }),
  openai({
    title: "GPT-3.5",
    names: /^gpt-3\.5/,
    outputTokens: 4096,
    contextTokens: 16_385,
  }),
  openai({
    title: "Embeddings",
    names: /^text-embedding/,
    outputTokens: 0,
    contextTokens: 8192,
  }),
  openai({
    title: "gpt-oss",
    names: /^gpt-oss/,
    outputTokens: 65_536,
    contextTokens: 131_072,
    reasons: true,
  }),
  {
    title: "Claude Fable, Mythos, Opus and Sonnet from 4.7 on",
    names: /^claude-(?:fable|mythos|(?:opus|sonnet)-(?:4[-.](?:[7-9]|\d\d)(?!\d)|[5-9]))/,
    outputTokens: 128_000,
    contextTokens: 1_000_000,
    image: claudeImage(visualTokens(4784)),
    source: LIMITS,
  },
  {
    title: "Claude Opus 4.6",
    names: /^claude-opus-4[-.]6/,
    outputTokens: 128_000,
    contextTokens: 1_000_000,
    image: claudeImage(visualTokens(1600)),
    source: LIMITS,
  },
  {
    title: "Claude Sonnet 4, 3.7, Opus 4.5",
    names: /^claude-(?:sonnet-4|4-sonnet|opus-4[-.]5|3-7-sonnet)/,
    outputTokens: 64_000,
    contextTokens: 1_000_000,
    image: claudeImage(visualTokens(1600)),
    source: LIMITS,
  },
  {
    title: "Claude Haiku 4.5",
    names: /^claude-haiku-4/,
    outputTokens: 64_000,
    contextTokens: 200_000,
    image: claudeImage(visualTokens(1600)),
    source: LIMITS,
  },
  {
    title: "Claude Opus 4, 4.1",
    names: /^claude-(?:opus-4|4-opus)/,
    outputTokens: 32_000,
    contextTokens: 200_000,
    image: claudeImage(visualTokens(1600)),
    source: LIMITS,
  },
  {
    title: "Claude 3.5",
    names: /^claude-3-5/,
    outputTokens: 8192,
    contextTokens: 200_000,
    image: claudeImage(visualTokens(1600)),
    source: LIMITS,
  },
  {
    title: "Claude 3 and before",
    names: /^claude-[123]/,
    outputTokens: 4096,
    contextTokens: 200_000,
    image: claudeImage(visualTokens(1600)),
    source: LIMITS,
  },
  {
    title: "Gemini 2.5 and later",
    names: /^gemini-(?:2\.5|[3-9]|(?:flash|flash-lite|pro)-latest)/,
    outputTokens: 65_536,
    contextTokens: 1_048_576,
    image: geminiImage(geminiTiles(2304)),
    source: LIMITS,
  },
  {
    title: "Gemini 2.0 and before",
    names: /^gemini-(?:1|2|pro)/,
    outputTokens: 8192,
    contextTokens: 2_097_152,
    image: geminiImage(geminiTiles(2304)),
    source: LIMITS,
  },
  {
    title: "Gemma",
    names: /^gemma/,
    outputTokens: 8192,
    contextTokens: 262_144,
    source: LIMITS,
  },
  {
    title: "DeepSeek",
    names: /^deepseek/,
    outputTokens: 65_536,
    contextTokens: 1_000_000,
    source: LIMITS,
  },
];
