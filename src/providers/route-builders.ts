import type { RouteKind, RouteRule } from "./provider.ts";

const MiB = 1024 * 1024;

/** The largest bodies carried, by what a route takes. Providers' own limits lie at or below them. */
export const BODY_BYTES = {
  none: 0,
  /** Small JSON that steers: cancel, complete. */
  control: 64 * 1024,
  /** JSON with text, images and documents inline. */
  inline: 128 * MiB,
  /** Multipart with media: images, audio. */
  media: 256 * MiB,
  /** Files that are kept. */
  file: 2048 * MiB,
} as const;

export type Stored = NonNullable<RouteRule["stores"]>;

/** A paid call with a JSON body. */
export function call(kind: RouteKind, path: string, maxBodyBytes: number = BODY_BYTES.inline): RouteRule {
  return { method: "POST", path, kind, maxBodyBytes };
}

/** A call with a body that costs nothing. */
export function freeCall(kind: RouteKind, path: string, maxBodyBytes: number = BODY_BYTES.inline): RouteRule {
  return { method: "POST", path, kind, maxBodyBytes, free: true };
}

/** Looking up something; costs nothing. */
export function lookUp(kind: RouteKind, path: string, stores?: Stored): RouteRule {
  const rule: RouteRule = { method: "GET", path, kind, maxBodyBytes: BODY_BYTES.none, free: true };
  return stores ? { ...rule, stores } : rule;
}

/** Deleting a stored object; costs nothing. */
export function drop(kind: RouteKind, path: string, stores: Stored): RouteRule {
  return { method: "DELETE", path, kind, maxBodyBytes: BODY_BYTES.control, free: true, stores };
}

/** A whole subtree for {@link import("./provider.ts").Provider.denied}: the path itself and all below it. */
export function subtrees(...paths: readonly string[]): string[] {
  return paths.flatMap((path) => [path, `${path}/:rest*`]);
}
