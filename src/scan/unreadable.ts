import { AppError } from "../kernel/index.ts";
import { notice, type NoticeReason, type ScanNotice } from "./notice.ts";

const REASONS: Readonly<Record<string, readonly [NoticeReason, string]>> = {
  ENOENT: ["gone", "it is not there any more"],
  EACCES: ["unreadable", "you may not read it"],
  EPERM: ["unreadable", "you may not read it"],
  ELOOP: ["link_loop", "its links lead in a circle"],
  EISDIR: ["not_a_file", "it is a folder"],
  EIO: ["unreadable", "the disk cannot read it"],
};

/** What the system says to opening or reading, as a notice; its own text may quote contents and is left out. */
export function unreadable(path: string, error: unknown, fallback: NoticeReason = "unreadable"): ScanNotice {
  if (error instanceof AppError) return notice(fallback, path, error.message);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [reason, message] = REASONS[code] ?? [
    fallback,
    `it cannot be read${code === "" ? "" : ` (${code})`}`,
  ];
  return notice(reason, path, message);
}
