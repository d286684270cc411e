import { AppError } from "../../kernel/index.ts";
import { type JsonNode, readTree } from "./json-tree.ts";
import { type ModelFamily, traitsOf } from "./models.ts";
import { outputBound } from "./output-limit.ts";
import type { BoundRequest } from "./request.ts";
import type { Bounded, BoundResult } from "./result.ts";
import { type BoundTable, isFree, tableFor } from "./table.ts";
import { Tally } from "./tally.ts";
import { type TextCount, textTokens } from "./text-bytes.ts";
import { tiersAndPlaces } from "./tiers.ts";
import { fixedOutput } from "./fixed-output.ts";
import { walk } from "./walk.ts";

/**
 * What a request can use at the most, or the member that has no bound. Pure, and linear in the size of the body. Text
 * is counted by its bytes, unless something else is given that never counts less than the model does.
 * @throws AppError `invalid_input` for a body that is no JSON, `too_large`, and `ambiguous_body` when a member that
 *   decides is there twice.
 */
export function boundRequest(request: BoundRequest, count: TextCount = textTokens): BoundResult {
  if (isFree(request)) return FREE;
  const { family, doesMore } = traitsOf(request.model);
  const table = tableFor(request, family);
  if ("kind" in table) {
    // A whole route let through by name has no bound at all: nothing is set aside for it.
    return request.allow.has(table.field) ? { ...FREE, allowed: [table.field] } : table;
  }
  if (request.body === null) {
    return { kind: "unbounded", field: "body", why: "is not JSON that could be looked at" };
  }
  const tree = readTree(request.body);
  if (tree.root.kind !== "object") {
    throw new AppError("invalid_input", `the JSON body is not an object but of type ${tree.root.kind}`, {
      hint: "send one JSON object",
    });
  }
  const tally = new Tally(tree, family, request);
  if (request.kind !== "images" && doesMore) {
    tally.refuse("model", "searches, paints, speaks or calls other models, which its body does not tell");
  }
  walk(tree.root, { kind: "object", members: table.members, source: NO_SOURCE }, "", tally);
  return tally.refusal ?? reckon({ request, table, family, tally, count });
}

const NO_SOURCE = { text: "", date: "" };

/** Nothing that is charged by tokens. */
const FREE: Bounded = {
  kind: "bounded",
  inputTokens: 0,
  audioInputTokens: 0,
  cacheWrites: "none",
  tiers: [],
  places: [],
  fixedOutputTokens: 0,
  output: null,
  allowed: [],
};

interface Looked {
  readonly request: BoundRequest;
  readonly table: BoundTable;
  readonly family: ModelFamily | undefined;
  readonly tally: Tally;
  readonly count: TextCount;
}

function reckon(looked: Looked): BoundResult {
  const { request, table, family, tally } = looked;
  const choices = choicesOf(tally);
  const output =
    table.limit === null
      ? null
      : outputBound(tally, table.limit, {
          modelMaximum: family === undefined ? null : family.outputTokens,
          choices,
          minimum: minimumOf(tally),
        });
  const fixedOutputTokens = fixedOutput(request, tally, choices);
  const { tiers, places } = tiersAndPlaces(request, tally);
  if (tally.refusal !== undefined) return tally.refusal;
  const counted = inputTokens(looked) * (table.inputPerChoice ? choices : 1);
  const input = tally.fillsWindow ? Math.max(family?.contextTokens ?? 0, counted) : counted;
  return {
    kind: "bounded",
    inputTokens: input,
    audioInputTokens: tally.hasSound ? input : 0,
    cacheWrites: family?.chargesCacheWrites === true ? "5m" : tally.cacheWrites,
    tiers,
    places,
    fixedOutputTokens,
    output: output ?? null,
    allowed: [...tally.allowed].sort(),
  };
}

function inputTokens({ table, family, tally, count }: Looked): number {
  const { tree, media, repeatedBytes, extraTokens, mediaTokens } = tally;
  const hasPreamble = tree.root.members.some((member) => table.preamble?.members.includes(tree.name(member)));
  return (
    count(tree, media, family?.bytePairs === true) +
    repeatedBytes +
    extraTokens +
    mediaTokens +
    table.requestTokens +
    (hasPreamble ? (table.preamble?.tokens ?? 0) : 0)
  );
}

/** More than any provider gives at once: beyond it the figures mean nothing. */
const MOST_CHOICES = 1024;

function choicesOf(tally: Tally): number {
  const count = (name: "choices" | "best_of") => {
    const node = tally.kept.get(name);
    if (node === undefined) return 1;
    const value = tally.tree.count(node);
    if (value === undefined || value > MOST_CHOICES) {
      tally.refuse(node.path, "is not a number of answers that could be reckoned with");
      return 1;
    }
    return Math.max(1, value);
  };
  return Math.max(count("choices"), count("best_of")) * promptsOf(tally.kept.get("prompt"));
}

/** Of completions: texts or lists of tokens, each a prompt; a list of numbers is one. */
function promptsOf(prompt: JsonNode | undefined): number {
  return prompt === undefined ? 1 : Math.max(1, prompt.items.length);
}

function minimumOf(tally: Tally): number {
  const node = tally.kept.get("thinking_budget");
  if (node === undefined) return 0;
  const budget = tally.tree.count(node);
  if (budget === undefined) tally.refuse(node.path, "is not a whole number of tokens");
  return (budget ?? 0) + 1;
}
