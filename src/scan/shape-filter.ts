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

  /** Looks at two bytes: the first one, and the last one that all such values have. */
  mayBeginAt(bytes: Uint8Array, start: number): boolean {
    const shortest = this.#shortest[bytes[start] ?? 0] ?? 0;
    return shortest > 0 && isValueByte(bytes[start + shortest - 1]);
  }
}
