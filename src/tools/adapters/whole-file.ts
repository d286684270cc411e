import { AppError, type Json } from "../../kernel/index.ts";
import type { FileRequest } from "../change/change.ts";
import { openText, parseFile } from "../edit/edit-text.ts";
import type { FileFormat } from "../files/tool-file.ts";
import type { ToolMachine } from "../tool-machine.ts";

interface WholeFile {
  readonly path: string;
  readonly format: FileFormat;
  readonly text: string;
}

/** A file that gets this text, whatever it held: one that is Ownkey's own, or one that says nothing yet. */
export function wholeFile(machine: ToolMachine, { path, format, text }: WholeFile): FileRequest {
  const bytes = machine.read(path);
  const end = bytes ? openText(bytes, path).text.length : 0;
  return { path, format, pieces: [{ start: 0, end, text }], makePrivate: true };
}

/**
 * The list that a file is; empty when it is not there or says nothing.
 * @throws AppError `damaged_file`, and `unsupported` when it says something else than a list.
 */
export function listIn(machine: ToolMachine, path: string, format: FileFormat): readonly Json[] {
  const bytes = machine.read(path);
  const document = bytes ? parseFile(bytes, format, path) : [];
  if (Array.isArray(document)) return document as readonly Json[];
  if (typeof document === "object" && document !== null && Object.keys(document).length === 0) return [];
  throw new AppError("unsupported", `${path} is not the list that it should be; it was left as it is`, {
    hint: "look at the file, and at the version of the tool that wrote it",
  });
}
