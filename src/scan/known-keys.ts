import type { Form } from "./finding.ts";

/** A key of the vault, as findings name it. */
export interface KnownKey {
  /** The name under which the vault holds it. */
  readonly name: string;
  /** `fp_…`, as everywhere else. */
  readonly fingerprint?: string;
  readonly provider?: string;
}

/** Where a known key stands in the bytes that were looked at. */
export interface KnownMatch {
  readonly key: KnownKey;
  readonly form: Form;
  /** The key as it may be shown. */
  readonly masked: string;
  /** Offsets of its first byte and of the byte after its last one. */
  readonly start: number;
  readonly end: number;
}

/** Finds the vault's keys exactly, whatever their format: no look-alike is ever reported. */
export interface KnownKeys {
  /**
   * The known keys of which a part lies within `bytes[start, end)`, a run (runs.ts), in order and without overlaps.
   * Looks beyond the run as far as the whole key reaches.
   */
  matchesIn(bytes: Uint8Array, start: number, end: number): readonly KnownMatch[];
  /** For finding them in other threads as well; where there is no such method, this thread alone can. */
  share?(): SharedKnownKeys;
}

/** What the threads of a scan need to find the vault's keys. No key is in it but in the memory that all of them share. */
export interface SharedKnownKeys {
  /** The forms of all keys, one after the other; zeros once the index that it comes from is closed. */
  readonly memory: SharedArrayBuffer;
  readonly forms: readonly SharedForm[];
  readonly factor: number;
}

/** One form of a key, as a part of the memory. */
export interface SharedForm {
  readonly key: KnownKey;
  readonly masked: string;
  readonly form: Form;
  readonly start: number;
  readonly end: number;
}
