/**
 * Reads a multipart form (RFC 7578) piece by piece, for one field. Strict: what lenient readers take in another way
 * (bare line feeds, folded or doubled headers, a delimiter inside a line, text around the form) is refused, so that
 * the provider cannot see another value than we do. What it leaves out: the content of all other parts.
 */
import { AppError, foldName } from "../kernel/index.ts";

/** Longest head of a part. */
const MAX_HEAD_BYTES = 16 * 1024;
/** A part of no content costs far more to read than its bytes: a form of nothing else would keep us busy for long. */
const MAX_PARTS = 1_000;
/** Longest value of the field. */
const MAX_VALUE_BYTES = 1024;

/** What stands before the place that is read next. */
type Place = "start" | "head" | "field" | "other" | "behind";

export class FormWatch {
  readonly #mark: Buffer;
  readonly #name: string;
  #place: Place = "start";
  /** Bytes that are not judged yet. */
  #rest: Buffer = Buffer.alloc(0);
  #parts = 0;
  #value: string | undefined;

  constructor(boundary: string, name: string) {
    this.#mark = Buffer.from(`--${boundary}`, "latin1");
    this.#name = name;
  }

  /** The field's text, once it has been seen whole. */
  get value(): string | undefined {
    return this.#value;
  }

  /** @throws AppError `ambiguous_body` for the field a second time, `invalid_input` for what is no strict form. */
  push(piece: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, piece]);
    while (this.#place === "head" ? this.#readHead() : this.#readDelimiter());
  }

  /** @throws AppError `invalid_input` for a form that is not complete. */
  end(): void {
    if (this.#place !== "behind") throw malformed("ends too early");
  }

  /** True when there may be more to read. */
  #readHead(): boolean {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end > MAX_HEAD_BYTES || (end < 0 && this.#rest.length > MAX_HEAD_BYTES)) {
      throw malformed("has a part with too long a head");
    }
    if (end < 0) return false;
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw malformed(`has more than ${MAX_PARTS} parts`);
    const head = this.#rest.subarray(0, end);
    if (head.includes(this.#mark)) throw malformed("has a delimiter in the head of a part");
    const isField = foldName(nameOf(head.toString("latin1"))) === this.#name;
    if (isField && this.#value !== undefined) throw this.#twice();
    this.#place = isField ? "field" : "other";
    this.#rest = this.#rest.subarray(end + 4);
    return true;
  }

  #readDelimiter(): boolean {
    const at = this.#rest.indexOf(this.#mark);
    const behind = at + this.#mark.length + 2;
    if (at < 0 || this.#rest.length < behind) {
      this.#forget(at);
      return false;
    }
    if (this.#place === "behind") throw malformed("goes on behind its end");
    const before = this.#rest.toString("latin1", Math.max(0, at - 2), at);
    const isFirst = this.#place === "start" && (at === 0 || (at === 2 && before === "\r\n"));
    if (!isFirst && (this.#place === "start" || before !== "\r\n")) {
      throw malformed("has a delimiter that does not stand on a line of its own");
    }
    if (this.#place === "field") this.#value = this.#valueIn(this.#rest.subarray(0, at - 2));
    const follows = this.#rest.toString("latin1", behind - 2, behind);
    if (follows !== "\r\n" && follows !== "--") throw malformed("has a delimiter with text behind it");
    this.#place = follows === "--" ? "behind" : "head";
    this.#rest = this.#rest.subarray(behind);
    return true;
  }

  /** Of content that nobody needs, only what a delimiter may begin in is kept. */
  #forget(markAt: number): void {
    const length = this.#rest.length;
    if (this.#place === "field") {
      if (length > MAX_VALUE_BYTES + this.#mark.length + 4) throw malformed("has too long a model");
      return;
    }
    if (this.#place === "start" && markAt < 0 && length > this.#mark.length + 2) {
      throw malformed("does not begin with its boundary");
    }
    const needed = markAt < 0 ? this.#mark.length + 1 : length - markAt + 2;
    if (this.#place !== "start" && length > needed) this.#rest = Buffer.from(this.#rest.subarray(-needed));
  }

  #valueIn(bytes: Buffer): string {
    if (bytes.length > MAX_VALUE_BYTES) throw malformed("has too long a model");
    return bytes.toString("utf8");
  }

  #twice(): AppError {
    return new AppError("ambiguous_body", `the form has "${this.#name}" more than once`, {
      hint: "send each field once",
    });
  }
}

/** The part's name, empty when it has none. A file may have the field's name: some readers take it for the field. */
function nameOf(head: string): string {
  const lines = head.split("\r\n");
  if (!lines.every((line) => HEADER_LINE.test(line))) throw malformed("has a part with a broken head");
  const dispositions = lines.filter((line) => line.toLowerCase().startsWith("content-disposition:"));
  if (dispositions.length !== 1) throw malformed("has a part without one Content-Disposition");
  const names = parametersOf(dispositions[0] ?? "").filter(([name]) => name.startsWith("name"));
  if (names.length > 1 || names.some(([name]) => name !== "name")) {
    throw malformed("has a part with more than one name");
  }
  return (names[0]?.[1] ?? "").trim();
}

function parametersOf(line: string): [name: string, value: string][] {
  const start = line.indexOf(";");
  const text = start < 0 ? "" : line.slice(start).trimEnd();
  const found: [string, string][] = [];
  let read = 0;
  for (const [whole, name = "", quoted, plain = ""] of text.matchAll(PARAMETER)) {
    read += whole.length;
    found.push([name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain]);
  }
  if (read !== text.length) throw malformed("has a part with a broken Content-Disposition");
  return found;
}

function malformed(what: string): AppError {
  return new AppError("invalid_input", `the multipart body ${what}`, {
    hint: "send the form as an HTTP client writes it",
  });
}

/** One line, of a name and whatever text has no line end and no NUL in it. */
const HEADER_LINE = /^[A-Za-z0-9-]+:[^\r\n\0]*$/;
/** `; name="value"` or `; name=value`, one behind the other. */
const PARAMETER = /\s*;\s*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gy;
