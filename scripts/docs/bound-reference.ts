import { CHAT_LIMITS } from "../../src/budgets/bounds/limit-places.ts";
import { MODEL_FAMILIES } from "../../src/budgets/bounds/models.ts";
import type { Source } from "../../src/budgets/bounds/source.ts";
import { type BoundTable, FREE_KINDS, FREE_PRESETS, TABLES } from "../../src/budgets/bounds/table.ts";
import { boundRows, type Told } from "./bound-rows.ts";
import { code, document, heading, table } from "./markdown.ts";

const INTRODUCTION = `
A [hard budget](budgets.md) sets aside the most that a request can cost before anything leaves. That most is proven from
the request itself: the input by its bytes, the output by a limit that the provider enforces and that Ownkey writes into
the body where the client has set none. This is the table it goes by. A member that is not in it, or is marked **none**,
is refused with \`not_boundable\` and its name, as long as a hard budget covers the request; a budget that was set with
\`--allow FIELD\` lets it through by that name. What was let through is no longer proven.

Names are written as in the body, without indexes; \`tools[function]\` are entries of that type, and a refused type is
let through as \`tools.web_search\`. Gemini's names are read in \`camelCase\` and \`snake_case\`. A member that is there twice, in one spelling or two that some reader takes for the same, is
\`ambiguous_body\` wherever a rule holds. \`null\` is a member that is not there.

## Input

- **Text**: no token is shorter than a byte of it. All bytes of the body count, its punctuation and names too. For models
  whose tokenizer is not known to read bytes, text also counts in its compatible form (NFKC), which can be longer.
- **Messages, tools and what the provider adds**: the constants below. Schemas count twice.
- Where the bytes do not fit into what is left, text can be counted by the model's own tokenizer, if that is published
  ([decision](decisions/0017-tokens-are-counted-in-a-thread.md)).
- **Pictures**: by width and height, read from the header of the PNG, JPEG, GIF or WebP file in the body.
- **Documents and sound**: at most what the model's context holds; sound at the price of sound.
- The dearest price that the request can meet counts: of each context tier that so much input can reach, of cache writes
  that it asks for, of the service tier and place it asks for or leaves open, of the hours of a day.

The table is about bodies. What a header alone switches on (\`anthropic-beta\`) is taken to cost nothing by itself: what it
makes possible needs a member that is not in the table.

Where nothing is published, or somebody has measured something else, the larger figure stands. What cannot be known is
marked "assumed" among the [sources](#sources): the promise of a hard budget rests on it. When an answer costs more
than was proven, it is booked in full, there is an alarm, and the model is kept from hard budgets.`;

const OUTPUT_INTRODUCTION = `
## Output limits

For each of n answers, all that the model writes counts against the limit, reasoning included.`;

const SERVER_INTRODUCTION = `
Chat in OpenAI's format is served by many. Where a server is not known to keep to the limit in every case, its chat is
refused unless the member's name is let through.`;

const MODEL_INTRODUCTION = `
## Models

The first line that fits holds. The largest limit is what a client gets that sets none, if the settings allow as much. A
model that is not here can be bounded all the same, but for pictures, documents and sound; without a price it is refused.
Tokens of a picture are shown for squares of 512, 1024 and 4096 pixels.`;

export function boundReference(): string {
  const sources = new Sources();
  const told: Told = new Map();
  const routes = Object.values(TABLES).map((one) => routeSection(one, sources, told));
  const models = modelTable(sources);
  const servers = serverTable(sources);
  return document(
    heading("What a request can cost"),
    INTRODUCTION,
    OUTPUT_INTRODUCTION,
    limitTable(),
    SERVER_INTRODUCTION,
    servers,
    MODEL_INTRODUCTION,
    models,
    "## Routes",
    `Free whatever is in the body: moderations at OpenAI and Azure, ${[...FREE_KINDS].map((kind) => kind.replaceAll("_", " ")).join(", ")}; everything on ${[...FREE_PRESETS].join(" and ")}. Refused as a whole, unless \`route.KIND\` is let through: audio, edits and variations of pictures, and every route that is not below.`,
    ...routes,
    "## Sources",
    sources.text(),
  );
}

function routeSection(
  { title, members, requestTokens, preamble, inputPerChoice, source }: BoundTable,
  sources: Sources,
  told: Told,
): string {
  const constants = [
    `${requestTokens} tokens for the request`,
    ...(preamble === null
      ? []
      : [`${preamble.tokens} more with any of ${preamble.members.map(code).join(", ")}`]),
    ...(inputPerChoice ? ["the input counts for each answer"] : []),
  ];
  return document(
    `### ${title}`,
    `${constants.join("; ")} (source ${sources.number(source)}).`,
    table(
      ["In", "Fields", "Bound", "Source"],
      boundRows(members, told, title).map(({ place, fields, bound, source }) => [
        code(place),
        fields.map(code).join(", "),
        bound,
        sources.number(source),
      ]),
    ),
  );
}

function limitTable(): string {
  const rows = Object.values(TABLES)
    .filter(({ limit }) => limit !== null)
    .map(({ title, limit }) => [
      title,
      limit === null ? "" : limit.members.map(code).join(", else "),
      String(limit?.minimum ?? ""),
      limit?.ordinarily === null ? "the model's largest" : String(limit?.ordinarily ?? ""),
    ]);
  return table(["Route", "Member", "At least", "When left out"], rows);
}

function serverTable(sources: Sources): string {
  return table(
    ["Server", "Member", "Kept to", "Source"],
    CHAT_LIMITS.map(([name, { members, source, why }]) => [
      name,
      members.map(code).join(", "),
      source === null ? `not proven: it ${why ?? ""}` : "yes",
      source === null ? "" : sources.number(source),
    ]),
  );
}

function modelTable(sources: Sources): string {
  return table(
    ["Models", "Largest limit", "Context", "Picture", "Sources"],
    MODEL_FAMILIES.map(({ title, outputTokens, contextTokens, image, source }) => [
      title,
      String(outputTokens),
      String(contextTokens),
      image === undefined
        ? "**none**"
        : [512, 1024, 4096].map((edge) => String(image.tokens({ width: edge, height: edge }))).join(" / "),
      [source, ...(image === undefined ? [] : [image.source])].map((one) => sources.number(one)).join(", "),
    ]),
  );
}

/** Sources by number, in the order in which they are met. */
class Sources {
  readonly #met: Source[] = [];

  number(source: Source): string {
    if (!this.#met.includes(source)) this.#met.push(source);
    return String(this.#met.indexOf(source) + 1);
  }

  text(): string {
    return this.#met
      .map(({ text, date, assumption }, index) => {
        const mark = assumption === true ? "**Assumed**: " : "";
        return `${index + 1}. ${mark}${text} (${date})`;
      })
      .join("\n");
  }
}
