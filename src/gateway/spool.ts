/**
 * A request body on its way through a file, because what decides on it stands behind its content. The file never has
 * a name: it is unlinked as soon as it is open. It holds records of AES-256-GCM under a key that is nowhere but in this
 * object: record n, of up to {@link RECORD_BYTES} plain bytes, has the nonce n and is followed by its tag. Each is
 * authenticated before a byte of it goes on, and the number of bytes written is known here: what was changed, moved or
 * cut in the file ends the reading.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { constants, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Randomness } from "../kernel/index.ts";

const RECORD_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export interface SpoolOptions {
  /** A private folder of its own; files are made there and have no name a moment later. */
  readonly folder: string;
  readonly randomness: Randomness;
  /** The platform's, or a test's. */
  readonly openFile?: typeof open;
}

/** Takes away what a process left that was killed between making a file and taking its name: an empty one. */
export function clearSpools(folder: string): void {
  for (const name of readdirSync(folder)) if (NAME.test(name)) rmSync(join(folder, name), { force: true });
}

const NAME = /^\.body-[0-9a-f]{32}\.tmp$/;

export class Spool {
  readonly #file: FileHandle;
  readonly #key: Uint8Array;
  /** What does not fill a record yet. */
  readonly #rest = Buffer.allocUnsafeSlow(RECORD_BYTES);
  #restBytes = 0;
  /** On its way to the file, or from there. */
  readonly #record = Buffer.allocUnsafeSlow(RECORD_BYTES + TAG_BYTES);
  #records = 0;
  #sizeBytes = 0;
  #begun = false;

  /** @throws AppError `storage_full`, `store_unavailable`. */
  static async open({ folder, randomness, openFile = open }: SpoolOptions): Promise<Spool> {
    const name = Buffer.from(randomness(KEY_BYTES / 2)).toString("hex");
    const path = join(folder, `.body-${name}.tmp`);
    const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
    try {
      const file = await openFile(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600);
      // Another process may have cleared the folder meanwhile.
      rmSync(path, { force: true });
      return new Spool(file, randomness(KEY_BYTES));
    } catch (error) {
      throw asAppError(error);
    }
  }

  private constructor(file: FileHandle, key: Uint8Array) {
    this.#file = file;
    this.#key = key;
  }

  /** Of what was appended. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** One at a time. @throws AppError `storage_full`, `store_unavailable`. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#sizeBytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + RECORD_BYTES - this.#restBytes);
      this.#rest.set(taken, this.#restBytes);
      this.#restBytes += taken.length;
      at += taken.length;
      if (this.#restBytes === RECORD_BYTES) await this.#writeRest();
    }
  }

  /** All that was appended, once; the file is gone when it was read to its end, or is cancelled. */
  async readAll(): Promise<ReadableStream<Uint8Array>> {
    if (this.#restBytes > 0) await this.#writeRest();
    let next = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          this.#begun = true;
          try {
            if (next < this.#records) {
              controller.enqueue(await this.#read(next++));
              return;
            }
            await this.close();
            controller.close();
          } catch (error) {
            await this.close();
            throw error;
          }
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** For one that nobody may come to read. */
  async closeUnlessRead(): Promise<void> {
    if (!this.#begun) await this.close();
  }

  async close(): Promise<void> {
    this.#key.fill(0);
    this.#rest.fill(0);
    // A second time is no error.
    await this.#file.close().catch(() => {});
  }

  async #writeRest(): Promise<void> {
    const plain = this.#rest.subarray(0, this.#restBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonceOf(this.#records));
    // The same bytes each time: a large body would be a large heap otherwise, until somebody tidies up.
    this.#record.set(cipher.update(plain));
    cipher.final();
    this.#record.set(cipher.getAuthTag(), plain.length);
    const length = plain.length + TAG_BYTES;
    const start = this.#records * (RECORD_BYTES + TAG_BYTES);
    try {
      for (let written = 0; written < length;) {
        const { bytesWritten } = await this.#file.write(
          this.#record,
          written,
          length - written,
          start + written,
        );
        written += bytesWritten;
      }
    } catch (error) {
      throw asAppError(error);
    }
    this.#records++;
    this.#restBytes = 0;
  }

  async #read(number: number): Promise<Uint8Array> {
    const plainBytes = Math.min(RECORD_BYTES, this.#sizeBytes - number * RECORD_BYTES);
    const record = this.#record.subarray(0, plainBytes + TAG_BYTES);
    const start = number * (RECORD_BYTES + TAG_BYTES);
    try {
      for (let done = 0; done < record.length;) {
        const { bytesRead } = await this.#file.read(record, done, record.length - done, start + done);
        if (bytesRead === 0) throw new Error("the file is too short");
        done += bytesRead;
      }
      const decipher = createDecipheriv("aes-256-gcm", this.#key, nonceOf(number));
      decipher.setAuthTag(record.subarray(plainBytes));
      const plain = decipher.update(record.subarray(0, plainBytes));
      // Nothing comes of it but the judgement.
      decipher.final();
      return plain;
    } catch (error) {
      throw new AppError("corrupt", "a request body that was kept in a file cannot be read back", {
        cause: error,
      });
    }
  }
}

/** The key is used for one file only, so that a number is enough. */
function nonceOf(record: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(record, 6, 6);
  return nonce;
}

function asAppError(error: unknown): AppError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new AppError(
    isFull ? "storage_full" : "store_unavailable",
    isFull
      ? "the disk has no room for a request body that has to be kept for a moment"
      : "a request body that has to be kept for a moment cannot be written to the home",
    {
      hint: isFull
        ? "free some space, or send the form with its model first"
        : "check the home's permissions",
      retryable: true,
      cause: error,
    },
  );
}
