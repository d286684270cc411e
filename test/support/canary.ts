/** Looks for secrets where none may be: in any of the forms in which they could have been written down. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Finding {
  readonly secret: string;
  readonly form: string;
  readonly place: string;
}

/** Secrets by what they are; their values are never part of a finding. */
export class Canaries {
  readonly #forms: { secret: string; form: string; bytes: Buffer }[] = [];

  /** Remembers a secret and gives it back. */
  watch(secret: string, value: string): string {
    for (const [form, bytes] of formsOf(value)) this.#forms.push({ secret, form, bytes });
    return value;
  }

  in(place: string, content: string | Uint8Array): Finding[] {
    const bytes =
      typeof content === "string"
        ? Buffer.from(content)
        : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    return this.#forms
      .filter((one) => bytes.includes(one.bytes))
      .map(({ secret, form }) => ({ secret, form, place }));
  }

  /** Every file below the folder, whatever it is called. */
  inFolder(folder: string): Finding[] {
    return filesBelow(folder).flatMap((file) => this.in(file, contentOf(join(folder, file))));
  }
}

/** Nothing for a file that is gone by now: a program that runs has journals that come and go. */
function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Uint8Array(0);
    throw error;
  }
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function formsOf(value: string): [form: string, bytes: Buffer][] {
  const bytes = Buffer.from(value);
  const forms: [string, string | Buffer][] = [
    ["plain", bytes],
    ["UTF-16", Buffer.from(value, "utf16le")],
    ["hex", bytes.toString("hex")],
    ["upper-case hex", bytes.toString("hex").toUpperCase()],
    ["URL-encoded", encodeURIComponent(value)],
    ["JSON", JSON.stringify(value).slice(1, -1)],
    ...[0, 1, 2].map((shift): [string, string] => ["base64", base64At(bytes, shift)]),
    ...[0, 1, 2].map((shift): [string, string] => ["base64url", toUrlAlphabet(base64At(bytes, shift))]),
  ];
  return forms.map(([form, written]) => [form, Buffer.from(written)]);
}

/** What base64 makes of the bytes when `shift` others stand before them: whole groups of four only. */
function base64At(bytes: Buffer, shift: number): string {
  const skip = (3 - shift) % 3;
  const whole = Math.floor((bytes.length - skip) / 3) * 3;
  return bytes.subarray(skip, skip + whole).toString("base64");
}

function toUrlAlphabet(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_");
}
