import { existsSync } from "node:fs";
import { AppError } from "../kernel/index.ts";

/** A mistyped path must not look like one without keys. @throws AppError `not_found`. */
export function refuseMissing(paths: readonly string[]): void {
  const missing = paths.find((path) => !existsSync(path));
  if (missing === undefined) return;
  throw new AppError("not_found", `there is nothing at ${missing}`, {
    hint: "check how the path is written",
  });
}
