import type { Source } from "../source.ts";

/** Whatever is piped in, as one stream. */
export function stdinSource(input: AsyncIterable<Uint8Array>): Source {
  return {
    name: "standard input",
    async *items() {
      yield { origin: { kind: "stdin", path: "<stdin>" }, chunks: () => input };
    },
  };
}
