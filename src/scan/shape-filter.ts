import type { ContextRule } from "./rule.ts";
import { isValueByte } from "./value-bounds.ts";

/** Tells at a glance which values have the shape that a rule without hints looks for. */
export class ShapeFilter {
  /** By first byte: how long a value with it must be; 0 where none begins with it. */
  readonly #shortest = new Uint8Array(256);

  constructor(rules: readonly ContextRule[]) {
    for (const { shape } of rules) {
      if (!shape) continue;
      for (const first of Buffer.from(shape.begins)) {
        const before = this.#shortest[first] ?? 0;
        this.#shortest[first] = before === 0 ? shape.shortest : Math.min(before, shape.shortest);
      }
    }
  }

  mayBeginAt(bytes: Uint8Array, start: number): boolean {
    const shortest = this.#shortest[bytes[start] ?? 0] ?? 0;
    // From its end: there most values that are too short are told first.
    for (let at = start + shortest - 1; at > start; at--) if (!isValueByte(bytes[at])) return false;
    return shortest > 0;
  }
}
