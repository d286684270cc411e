export type NoticeReason =
  | "unreadable"
  | "gone"
  | "broken_link"
  | "link_loop"
  | "not_a_file"
  | "binary"
  | "too_large"
  | "too_many_findings"
  | "ignored"
  | "source_failed"
  | "thread_ended";

/** Something that was not looked at, or not wholly. Never fatal. */
export interface ScanNotice {
  readonly type: "notice";
  readonly reason: NoticeReason;
  readonly path: string;
  /** For people; names things and sizes, never contents. */
  readonly message: string;
}

export function notice(reason: NoticeReason, path: string, message: string): ScanNotice {
  return { type: "notice", reason, path, message };
}
