import type { ProviderId, RouteKind } from "../../providers/index.ts";

/** What of a request decides what it can cost. */
export interface BoundRequest {
  readonly kind: RouteKind;
  readonly provider: ProviderId;
  /** Preset of an openai-compatible connection. */
  readonly preset: string | null;
  /** Canonical path with version segment: some routes of one kind differ. */
  readonly path: string;
  /** The decoded JSON body that the edits' offsets go by; `null` = none, or one that is not JSON. */
  readonly body: Uint8Array | null;
  /** The model that the request is priced by; decides over rules that differ by model. */
  readonly model: string | null;
  /** Fields that are let through by name, as {@link Unbounded.field} writes them. */
  readonly allow: ReadonlySet<string>;
}
