import { foldedHash, foldName } from "../kernel/index.ts";

/**
 * The members of request bodies that Ownkey's rules look at. A reader that folds case, or takes `max_tokens` and
 * `maxTokens` for the same, must not see another value than we do: so names are compared folded.
 */
const TOP_LEVEL = [
  "model",
  "models",
  "fallbacks",
  "stream",
  "n",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "messages",
  "input",
  "contents",
  "service_tier",
] as const;

/** Members that hold governed ones. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  stream_options: ["include_usage"],
  generation_config: ["max_output_tokens", "candidate_count"],
};

/** Lists whose objects name models of their own: tools that write or paint with another one. */
const LISTS: Readonly<Record<string, readonly string[]>> = { tools: ["model"], plugins: ["model"] };

/** Members, at any depth, whose text, list of texts or `{"id": …}` names an object stored at the provider. */
const REFERENCES = [
  "previous_response_id",
  "response_id",
  "batch_id",
  "thread_id",
  "file_id",
  "file_ids",
  "input_file_id",
  "training_file",
  "validation_file",
  "file_uri",
  "file_name",
  "cached_content",
] as const;

export interface GovernedNames {
  /** The canonical name of a member of the governed object at `path` (`""` = the root), by its folded name. */
  canonical(path: string, folded: string): string | undefined;
  isReference(folded: string): boolean;
  /** False for the hash of a name ({@link foldedHash}) that none of the above can be, nor `id` in a reference. */
  mayHold(hash: number): boolean;
  /** A governed list: its path is that of each object in it, and members of several of these may have one name. */
  isList(path: string): boolean;
}

export const GOVERNED: GovernedNames = governedNames();

function governedNames(): GovernedNames {
  const tables = new Map<string, ReadonlyMap<string, string>>();
  tables.set(
    "",
    new Map([...TOP_LEVEL, ...Object.keys({ ...NESTED, ...LISTS })].map((name) => [foldName(name), name])),
  );
  for (const [parent, names] of Object.entries({ ...NESTED, ...LISTS })) {
    tables.set(parent, new Map(names.map((name) => [foldName(name), `${parent}.${name}`])));
  }
  const references = new Set(REFERENCES.map(foldName));
  const names = [...tables.values()].flatMap((table) => [...table.keys()]);
  const hashes = new Set([...names, ...references, "id"].map((name) => hashOf(name)));
  return {
    mayHold: (hash) => hashes.has(hash),
    canonical: (path, folded) => tables.get(path)?.get(folded),
    isList: (path) => Object.hasOwn(LISTS, path),
    isReference: (folded) => references.has(folded),
  };
}

function hashOf(name: string): number {
  const bytes = Buffer.from(name);
  return foldedHash(bytes, 0, bytes.length);
}
