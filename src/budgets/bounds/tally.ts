import type { JsonNode, JsonTree } from "./json-tree.ts";
import type { ModelFamily } from "./models.ts";
import type { CacheWrites, Unbounded } from "./result.ts";
import type { Kept } from "./kept.ts";

/** Where an output limit stands: which member, in which object. */
export interface FoundLimit {
  readonly name: string;
  readonly node: JsonNode;
}

export interface KeptNode extends JsonNode {
  readonly path: string;
}

/** What a walk over a body has found so far. */
export class Tally {
  readonly tree: JsonTree;
  readonly family: ModelFamily | undefined;
  readonly limits: FoundLimit[] = [];
  readonly kept = new Map<Kept, KeptNode>();
  readonly allowed = new Set<string>();
  /** Texts that are not read as text: pictures in base64. */
  readonly media: JsonNode[] = [];
  /** Bytes of the body that count once more. */
  repeatedBytes = 0;
  /** Tokens that no byte of the body stands for. */
  extraTokens = 0;
  mediaTokens = 0;
  /** Something in it can be as long as the model's context. */
  fillsWindow = false;
  hasSound = false;
  cacheWrites: CacheWrites = "none";
  /** The first reason why there is no bound. */
  refusal: Unbounded | undefined;
  /** That the request is priced by. */
  readonly model: string | null;
  private readonly allow: ReadonlySet<string>;

  constructor(
    tree: JsonTree,
    family: ModelFamily | undefined,
    { model, allow }: { model: string | null; allow: ReadonlySet<string> },
  ) {
    this.tree = tree;
    this.family = family;
    this.model = model;
    this.allow = allow;
  }

  /** Notes that `field` has no bound, unless it is let through by name; true when it is. */
  refuse(field: string, why: string, fillsWindow = false): boolean {
    if (this.allow.has(field)) {
      this.allowed.add(field);
      if (fillsWindow) this.needWindow(field);
      return true;
    }
    this.refusal ??= { kind: "unbounded", field, why };
    return false;
  }

  /** The input may be whatever the model's context holds. */
  needWindow(field: string): void {
    if (this.family === undefined) {
      this.refusal ??= {
        kind: "unbounded",
        field,
        why: "may be as long as the model's context, and how long that is, is not known here",
      };
      return;
    }
    this.fillsWindow = true;
  }

  writesCache(life: Exclude<CacheWrites, "none">): void {
    if (this.cacheWrites !== "1h") this.cacheWrites = life;
  }
}
