import { accessSync, constants, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncDir, writeDurable } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";

/** Service managers read these files as the user; they hold no secret. */
const MODE = 0o644;

export function writeServiceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeDurable(path, text, MODE);
}

export function removeServiceFile(path: string): void {
  if (!existsSync(path)) return;
  rmSync(path);
  syncDir(dirname(path));
}

/** @throws AppError `not_found`: a service that cannot start would fail at the next login, unseen. */
export function assertExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch (error) {
    throw new AppError("not_found", `${program} is not an executable`, {
      hint: "ownkey install",
      cause: error,
    });
  }
}
