/**
 * What the running program and its gateway processes tell each other: one JSON document per line, down the worker's
 * standard input and up its standard output. Both are pipes that nobody else holds. The vault key goes this way and
 * no other (docs/decisions/0016): never as an argument, in the environment or in a file.
 */
import type { Config } from "../../config.ts";
import type { LockReason } from "../../vault/index.ts";

/** The vault key, in base64. */
export interface KeyOnTheWire {
  readonly generation: number;
  readonly key: string;
}

/** From the program to a worker. All but `lock`, `report`, `tellSpent` and `stop` are done one after another. */
export type Order =
  /** The first one. */
  | {
      readonly kind: "start";
      readonly config: Config;
      readonly key: KeyOnTheWire | null;
      /** Sessions that are open. */
      readonly sessions: readonly string[];
    }
  | { readonly kind: "unlock"; readonly key: KeyOnTheWire }
  /** Done at once, whatever is under way, and answered by `reached`. */
  | { readonly kind: "lock"; readonly mark: number; readonly reason: LockReason }
  | { readonly kind: "session"; readonly id: string; readonly open: boolean }
  /** The program has committed something to the store. */
  | { readonly kind: "committed" }
  /** To be answered by `reached` once all that came before is done. */
  | { readonly kind: "reach"; readonly mark: number }
  | { readonly kind: "report"; readonly mark: number }
  /** To be answered by `reached` once the store knows what was spent. */
  | { readonly kind: "tellSpent"; readonly mark: number }
  | { readonly kind: "stop"; readonly limitMs: number };

/** From a worker to the program. */
export type News =
  | { readonly kind: "ready"; readonly url: string; readonly port: number; readonly instance: string }
  /** It could not start, and ends. */
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
      readonly hint: string | null;
    }
  | { readonly kind: "log"; readonly line: string }
  | { readonly kind: "reached"; readonly mark: number }
  | { readonly kind: "report"; readonly mark: number; readonly report: WorkerReport };

export interface WorkerReport {
  readonly unready: string | null;
  readonly inFlight: number;
  readonly metrics: string;
}

/** The messages in a stream of lines; ends with the stream. A line that is none is a program error. */
export async function* messagesIn<Message>(
  stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
): AsyncGenerator<Message> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Message;
  }
}

export function lineOf(message: Order | News): string {
  return `${JSON.stringify(message)}\n`;
}
