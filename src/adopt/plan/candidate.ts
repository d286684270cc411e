import type { Exposure } from "../../connections/index.ts";
import type { Secret } from "../../kernel/index.ts";
import type { SettingsInput } from "../../providers/index.ts";
import type { Form } from "../../scan/index.ts";
import type { FileFormat, FilePurpose } from "../../tools/index.ts";

/** A place where a key lies in plain text. */
export interface KeyPlace {
  /** For people: the path, or a database with its row. */
  readonly path: string;
  /** The file on disk; `undefined` for what is no file of this machine, such as a commit. */
  readonly file: string | undefined;
  /** From 1; 0 where there are no lines. */
  readonly line: number;
  readonly form: Form;
  readonly tool: string | undefined;
  readonly format: FileFormat | undefined;
  readonly purpose: FilePurpose | undefined;
}

/** A provider key that was found, with everywhere it lies. */
export interface Candidate {
  readonly title: string;
  readonly masked: string;
  readonly value: Secret;
  /** `connection/name`, when the vault holds it already. */
  readonly knownAs?: string;
  /** Provider or preset, as `keys add` takes it. */
  readonly provider: string;
  /** What stood beside it: endpoint, organisation. */
  readonly settings: SettingsInput;
  readonly places: readonly KeyPlace[];
  /** Where others could have read it. */
  readonly exposed: readonly Exposure[];
}

/** Something of the shape of a secret that is not taken in, and why. */
export interface NotTaken {
  readonly title: string;
  readonly masked: string;
  readonly places: readonly KeyPlace[];
  readonly why: string;
  readonly hint: string;
}
