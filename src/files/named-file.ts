import { dirname } from "node:path";
import { AppError } from "../kernel/index.ts";
import { writeDurable } from "./durable.ts";

/**
 * {@link writeDurable} at a path that somebody has named, who is told what the system has against it.
 * @throws AppError `not_found`, `denied`, `conflict`, `storage_full`, naming the path and what to do.
 */
export function writeNamed(path: string, content: Uint8Array | string, mode?: number): void {
  try {
    writeDurable(path, content, mode);
  } catch (error) {
    throw refusal(path, error);
  }
}

function refusal(path: string, error: unknown): unknown {
  const folder = dirname(path);
  switch ((error as { readonly code?: unknown } | null)?.code) {
    case "ENOENT":
      return new AppError("not_found", `${path} cannot be written: there is no folder ${folder}`, {
        hint: "make it first, or name another file",
        cause: error,
      });
    case "ENOTDIR":
    case "EISDIR":
      return new AppError(
        "conflict",
        `${path} cannot be written: a folder and a file are taken for each other`,
        {
          hint: "name another file",
          cause: error,
        },
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new AppError("denied", `${path} cannot be written: you may not change what is in ${folder}`, {
        hint: "name a file in a folder of yours",
        cause: error,
      });
    case "ENOSPC":
    case "EDQUOT":
      return new AppError("storage_full", `${path} cannot be written: there is no space left`, {
        hint: "free some space, or name a file on another disk",
        cause: error,
      });
    default:
      return error;
  }
}
