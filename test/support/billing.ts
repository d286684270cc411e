/**
 * A provider that bills: it keeps to the output limit of each request, writes as long as it may unless the caller
 * leaves, and adds up what it charges for, at the price list's prices. What it has written ahead is billed, delivered or
 * not, as providers do.
 */
import { createServer, type ServerResponse } from "node:http";

export interface BillingProvider {
  readonly url: string;
  /** In nano-dollars: all that was ever charged. */
  billedNanos(): bigint;
  requests(): number;
  /** The largest output limit that a request came with; absent ones count as unlimited. */
  readonly limits: number[];
  /** How the next answers behave. */
  behave(next: BillingBehaviour): void;
  close(): Promise<void>;
}

export interface BillingBehaviour {
  /** Part of the limit that answers use, 0 to 1. */
  readonly uses: number;
  /** Between two pieces of a stream. */
  readonly pauseMs: number;
  /** Chance that a stream breaks off without its end. */
  readonly cuts: number;
  /** Chance of an error status before any output. */
  readonly fails: number;
}

/** gpt-4.1-mini: $0.40 and $1.60 a million. */
const INPUT_NANOS = 400n;
const OUTPUT_NANOS = 1600n;
const WITHOUT_LIMIT = 32_768;
const TOKENS_PER_PIECE = 8;

export async function startBillingProvider(seed = 1, host = "127.0.0.1"): Promise<BillingProvider> {
  const random = randomOf(seed);
  let behaviour: BillingBehaviour = { uses: 1, pauseMs: 1, cuts: 0, fails: 0 };
  let billed = 0n;
  let requests = 0;
  const limits: number[] = [];

  const answer = async (body: Asked, response: ServerResponse) => {
    requests += 1;
    if (random() < behaviour.fails) {
      response.writeHead(503, { "content-type": "application/json" }).end('{"error":{"message":"busy"}}');
      return;
    }
    const limit = body.max_completion_tokens ?? body.max_tokens ?? WITHOUT_LIMIT;
    limits.push(limit);
    const input = inputTokens(body);
    const output = Math.max(1, Math.floor(limit * behaviour.uses));
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    billed += BigInt(input) * INPUT_NANOS;
    if (body.stream !== true) {
      billed += BigInt(output) * OUTPUT_NANOS;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ model: MODEL, choices: [{ index: 0, message: { content: "x" } }], usage }),
      );
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const cutsAt = random() < behaviour.cuts ? Math.floor(random() * output) : output + 1;
    for (let written = 0; written < output; written += TOKENS_PER_PIECE) {
      const piece = Math.min(TOKENS_PER_PIECE, output - written);
      if (response.destroyed) return;
      billed += BigInt(piece) * OUTPUT_NANOS;
      response.write(event({ model: MODEL, choices: [{ index: 0, delta: { content: "words and more " } }] }));
      if (written >= cutsAt) return response.destroy();
      if (behaviour.pauseMs > 0) await Bun.sleep(behaviour.pauseMs);
    }
    response.write(event({ model: MODEL, choices: [], usage }));
    response.end("data: [DONE]\n\n");
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const body = JSON.parse(bytes.toString() || "{}") as Asked;
      answer(body, response).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://${host}:${port}`,
    billedNanos: () => billed,
    requests: () => requests,
    limits,
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const MODEL = "gpt-4.1-mini";

interface Asked {
  readonly max_completion_tokens?: number;
  readonly max_tokens?: number;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly content: string }[];
}

/**
 * As OpenAI counts them: three for each message and one for its role, three before the answer, and the text's own. Its
 * words are taken for one token each, so that prompts have to be made of common ones: Ownkey may count them itself, and
 * may rely on its count.
 */
function inputTokens({ messages = [] }: Asked): number {
  return messages.reduce((sum, { content }) => sum + 4 + content.split(" ").length, 3);
}

function event(document: object): string {
  return `data: ${JSON.stringify(document)}\n\n`;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
