/** Who may read a place besides administrators: `everyone` on this machine, or who has the repository. */
export type Readers = "owner" | "group" | "everyone" | "repository";

/** Where a stream of bytes comes from. */
export interface Origin {
  readonly kind: "file" | "staged" | "git" | "environment" | "stdin" | "tool";
  /** As a person would name it: a path, `<stdin>`, `environment of process 12 (node)`. */
  readonly path: string;
  /** For git history: the commit that brought the content in. */
  readonly commit?: string;
  /** Left out when not known. */
  readonly readers?: Readers;
}
