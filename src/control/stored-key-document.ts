import { z } from "zod";
import type { StoredKey } from "../adopt/index.ts";
import { VERDICTS } from "../providers/index.ts";

/** What became of a key that was to be stored. */
export const storedKeySchema = z.object({
  labels: z.array(z.string()).describe("every name or place of it"),
  provider: z.string(),
  outcome: z.enum(["stored", "known", "refused", "incomplete"]),
  verdict: z.enum([...VERDICTS, "untested"]),
  id: z.string().nullable(),
  name: z.string().nullable(),
  connection: z.string().nullable(),
  fingerprint: z.string().nullable(),
  message: z.string().nullable().describe("why it was not stored"),
  hint: z.string().nullable(),
  warnings: z.array(z.string()),
});

export function storedKeyDocument(stored: StoredKey): z.output<typeof storedKeySchema> {
  const { labels, provider, outcome, verdict, key, connection, message, hint, warnings } = stored;
  return {
    labels: [...labels],
    provider,
    outcome,
    verdict,
    id: key?.id ?? null,
    name: key?.name ?? null,
    connection: connection?.name ?? null,
    fingerprint: key?.fingerprint ?? null,
    message: message ?? null,
    hint: hint ?? null,
    warnings: [...warnings],
  };
}
