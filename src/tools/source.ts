import { type Json, Secret, toAppError } from "../kernel/index.ts";
import { parseFile } from "./edit/edit-text.ts";
import type { ValuePath } from "./edit/editor.ts";
import { valueAt } from "./edit/values.ts";
import type { FileFormat } from "./files/tool-file.ts";
import type { ToolMachine } from "./tool-machine.ts";

/**
 * `literal`: the value itself. `command`: a program prints it. `reference`: the name of a place that could not be
 * followed, or a placeholder. `login`: a sign-in to the maker's account (a subscription), of which nothing is read.
 * `store`: a keychain or encrypted file that is not opened here.
 */
export type SourceKind = "literal" | "command" | "reference" | "login" | "store";

/** A place from which a tool takes its key or its base URL. */
export interface Source {
  readonly what: "key" | "base-url";
  readonly kind: SourceKind;
  /** For people: `~/.claude/settings.json env.ANTHROPIC_API_KEY`, `variable OPENAI_API_KEY`. */
  readonly label: string;
  /** The key, the URL, or the command's text. Absent for `login` and `store`. */
  readonly value?: Secret;
  /** The file it stands in, and where. */
  readonly path?: string;
  readonly at?: ValuePath;
  /** The environment variable it comes from: of this process, which a desktop program may not have. */
  readonly variable?: string;
}

/** Looks up sources, reading each file once. A file that cannot be read is a problem, told once, and has no sources. */
export class Sources {
  readonly machine: ToolMachine;
  readonly problems: string[] = [];
  readonly #documents = new Map<string, Json | undefined>();

  constructor(machine: ToolMachine) {
    this.machine = machine;
  }

  /** What a file says; `undefined` when it is not there or has errors. */
  document(path: string, format: FileFormat): Json | undefined {
    if (!this.#documents.has(path)) this.#documents.set(path, this.#parse(path, format));
    return this.#documents.get(path);
  }

  value(path: string, format: FileFormat, at: ValuePath): Json | undefined {
    return valueAt(this.document(path, format), at);
  }

  /** A text that stands in a file; an empty one counts as none. */
  setting(
    what: Source["what"],
    {
      path,
      format,
      at,
      kind = "literal",
    }: { path: string; format: FileFormat; at: ValuePath; kind?: SourceKind },
  ): Source[] {
    const value = this.value(path, format, at);
    if (typeof value !== "string" || value === "") return [];
    return [{ what, kind, label: `${this.shown(path)} ${at.join(".")}`, value: new Secret(value), path, at }];
  }

  /** A command's setting with the arguments that stand in a list beside it. */
  command(settings: readonly Source[], args: Json | undefined): Source[] {
    const words = Array.isArray(args)
      ? (args as readonly Json[]).filter((word) => typeof word === "string")
      : [];
    return settings.map((source) => ({
      ...source,
      value: new Secret([source.value?.reveal() ?? "", ...words].join(" ")),
    }));
  }

  /** An environment variable that is set and not empty. */
  variable(what: Source["what"], name: string): Source[] {
    const value = this.machine.env[name];
    if (value === undefined || value === "") return [];
    return [{ what, kind: "literal", label: `variable ${name}`, value: new Secret(value), variable: name }];
  }

  /** Something that is there and stays closed: a login, a keychain's file. */
  closed(kind: "login" | "store", path: string, isThere = this.machine.exists(path)): Source[] {
    return isThere ? [{ what: "key", kind, label: this.shown(path), path }] : [];
  }

  /** A path as people write it. */
  shown(path: string): string {
    const { home } = this.machine;
    return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  }

  #parse(path: string, format: FileFormat): Json | undefined {
    const bytes = this.machine.read(path);
    if (!bytes) {
      if (this.machine.exists(path)) this.problems.push(`${this.shown(path)} cannot be read`);
      return undefined;
    }
    try {
      return parseFile(bytes, format, this.shown(path));
    } catch (error) {
      this.problems.push(toAppError(error).message);
      return undefined;
    }
  }
}
