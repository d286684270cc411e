import { AppError, fromUtf8, utf8 } from "../kernel/index.ts";
import { isArchiveName } from "./names.ts";

/**
 * Headers of POSIX ustar (IEEE 1003.1, pax, "ustar interchange format"), as much as a backup needs: regular files,
 * names up to 100 bytes, sizes below 8 GiB. Written headers are read by every `tar`; read are only headers that this
 * program would have written, so there are no links, devices, folders, extensions or second spellings of a name.
 */
export interface TarEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly modifiedAtS: number;
}

export const BLOCK_BYTES = 512;
export const MAX_ENTRY_BYTES = 0o77777777777;

const CHECKSUM_AT = 148;
const CHECKSUM_LENGTH = 8;

export function encodeTarHeader({ name, sizeBytes, modifiedAtS }: TarEntry): Uint8Array {
  if (!isArchiveName(name)) throw new AppError("invalid_input", "a file's name does not fit into a backup");
  if (sizeBytes > MAX_ENTRY_BYTES) {
    throw new AppError("too_large", `${name} has ${sizeBytes} bytes, a backup holds files below 8 GiB`);
  }
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string) => block.set(utf8(text), offset);
  put(0, name);
  put(100, "0000600\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${octal(sizeBytes, 11)}\0`);
  put(136, `${octal(modifiedAtS, 11)}\0`);
  put(156, "0");
  put(257, "ustar\0");
  put(263, "00");
  put(CHECKSUM_AT, `${octal(checksum(block), 6)}\0 `);
  return block;
}

/** The entry, or `undefined` for a block of zeros: the end mark. @throws AppError `corrupt`. */
export function decodeTarHeader(block: Uint8Array): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const entry = {
    name: nameOf(block),
    sizeBytes: numberOf(block, 124),
    modifiedAtS: numberOf(block, 136),
  };
  const canonical = isArchiveName(entry.name) ? encodeTarHeader(entry) : undefined;
  if (canonical === undefined || Buffer.compare(canonical, block) !== 0) throw invalidHeader();
  return entry;
}

/** Zero bytes after a file's content, up to the next block. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function nameOf(block: Uint8Array): string {
  const end = block.indexOf(0);
  try {
    return fromUtf8(block.subarray(0, Math.min(end < 0 ? 100 : end, 100)));
  } catch {
    throw invalidHeader();
  }
}

function numberOf(block: Uint8Array, offset: number): number {
  const digits = Buffer.from(block.subarray(offset, offset + 11)).toString("latin1");
  if (!/^[0-7]{11}$/.test(digits)) throw invalidHeader();
  return Number.parseInt(digits, 8);
}

/** Sum of all bytes, the checksum's own field counted as spaces. */
function checksum(block: Uint8Array): number {
  return block.reduce(
    (sum, byte, index) => sum + (index >= CHECKSUM_AT && index < CHECKSUM_AT + CHECKSUM_LENGTH ? 0x20 : byte),
    0,
  );
}

function octal(value: number, digits: number): string {
  return Math.floor(value).toString(8).padStart(digits, "0");
}

function invalidHeader(): AppError {
  return new AppError("corrupt", "the backup holds an entry that Ownkey does not write", {
    hint: "it may hold links or foreign paths and was not unpacked; inspect it with: age -d FILE | tar tv",
  });
}
