/** `inspect.custom` of node:util, which would load a good part of Node's library for it. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A secret on its way through the program. Printing, JSON, `inspect` and string conversion give `[secret]`;
 * {@link Secret.reveal} is called where the bytes leave, and nowhere else. Garbage collection decides when the
 * bytes go: JavaScript strings cannot be wiped (docs/security.md).
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  static fromBytes(bytes: Uint8Array): Secret {
    return new Secret(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  }

  /** The secret itself. The caller is the place where it leaves: a header, a file, a terminal. */
  reveal(): string {
    return this.#text;
  }

  get lengthChars(): number {
    return this.#text.length;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [INSPECT](): string {
    return "[secret]";
  }
}
