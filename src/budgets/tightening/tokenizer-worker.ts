// The thread that counts tokens: it may be ended at any moment, and answers nothing but numbers.
import { boundRequest } from "../bounds/bound.ts";
import { countedText } from "../bounds/counted-text.ts";
import type { Encoding } from "../bounds/models.ts";
import type { BoundRequest } from "../bounds/request.ts";
import { type CountTokens, loadTokenizer } from "./tokenizer.ts";

declare const self: Worker;

export type TokenizerCall =
  | { readonly kind: "load"; readonly encoding: Encoding }
  | {
      readonly kind: "count";
      readonly id: number;
      readonly encoding: Encoding;
      readonly request: BoundRequest;
    };

export type TokenizerAnswer =
  | { readonly kind: "loaded"; readonly encoding: Encoding }
  | { readonly kind: "counted"; readonly id: number; readonly inputTokens: number | null };

const tokenizers = new Map<Encoding, CountTokens>();

self.addEventListener("message", ({ data }: MessageEvent<TokenizerCall>) => {
  if (data.kind === "count") answer(counted(data));
  else void load(data.encoding);
});

async function load(encoding: Encoding): Promise<void> {
  const tokenizer = await loadTokenizer(encoding);
  tokenizer("The first text takes longer than those after it.");
  tokenizers.set(encoding, tokenizer);
  answer({ kind: "loaded", encoding });
}

function counted({ id, encoding, request }: Extract<TokenizerCall, { kind: "count" }>): TokenizerAnswer {
  const tokenizer = tokenizers.get(encoding);
  const result = tokenizer === undefined ? undefined : boundRequest(request, countedText(tokenizer));
  return { kind: "counted", id, inputTokens: result?.kind === "bounded" ? result.inputTokens : null };
}

function answer(message: TokenizerAnswer): void {
  self.postMessage(message, []);
}
