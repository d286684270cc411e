/**
 * A request body on its way through a file, because what decides on it stands behind its content. The file never has
 * a name: it is unlinked as soon as it is open. It holds records of AES-256-GCM under a key that is nowhere but in this
 * object: record n, of up to {@link RECORD_BYTES} plain bytes, has the nonce n and is followed by its tag. Each is
 * authenticated before a byte of it goes on, and the number of bytes written is known here: what was changed, moved or
 * cut in the file ends the reading.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Randomness } from "../kernel/index.ts";

const RECORD_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export interface SpoolOptions {
  /** A private folder; files are made there and have no name a moment later. */
  readonly folder: string;
  readonly randomness: Randomness;
}

export class Spool {
  readonly #file: FileHandle;
  readonly #key: Uint8Array;
  #rest: Buffer = Buffer.alloc(0);
  #records = 0;
  #sizeBytes = 0;
  #begun = false;

  /** @throws AppError `storage_full`, `store_unavailable`. */
  static async open({ folder, randomness }: SpoolOptions): Promise<Spool> {
    const name = Buffer.from(randomness(KEY_BYTES / 2)).toString("hex");
    const path = join(folder, `.body-${name}.tmp`);
    const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
    try {
      const file = await open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600);
      rmSync(path);
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

  /** @throws AppError `storage_full`, `store_unavailable`. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#sizeBytes += bytes.length;
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= RECORD_BYTES) {
      await this.#write(this.#rest.subarray(0, RECORD_BYTES));
      this.#rest = this.#rest.subarray(RECORD_BYTES);
    }
  }

  /** All that was appended, once; the file is gone when it was read to its end, or is cancelled. */
  async readAll(): Promise<ReadableStream<Uint8Array>> {
    if (this.#rest.length > 0) await this.#write(this.#rest);
    this.#rest = Buffer.alloc(0);
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
    // A second time is no error.
    await this.#file.close().catch(() => {});
  }

  async #write(plain: Uint8Array): Promise<void> {
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonceOf(this.#records));
    const record = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const start = this.#records * (RECORD_BYTES + TAG_BYTES);
    try {
      for (let written = 0; written < record.length;) {
        const { bytesWritten } = await this.#file.write(record, written, undefined, start + written);
        written += bytesWritten;
      }
    } catch (error) {
      throw asAppError(error);
    }
    this.#records++;
  }

  async #read(number: number): Promise<Uint8Array> {
    const plainBytes = Math.min(RECORD_BYTES, this.#sizeBytes - number * RECORD_BYTES);
    const record = Buffer.allocUnsafe(plainBytes + TAG_BYTES);
    const start = number * (RECORD_BYTES + TAG_BYTES);
    try {
      for (let done = 0; done < record.length;) {
        const { bytesRead } = await this.#file.read(record, done, record.length - done, start + done);
        if (bytesRead === 0) throw new Error("the file is too short");
        done += bytesRead;
      }
      const decipher = createDecipheriv("aes-256-gcm", this.#key, nonceOf(number));
      decipher.setAuthTag(record.subarray(plainBytes));
      return Buffer.concat([decipher.update(record.subarray(0, plainBytes)), decipher.final()]);
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
