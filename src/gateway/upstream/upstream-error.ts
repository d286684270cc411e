/** A request that brought no answer, or half of one. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** Bytes of the request may have reached the provider, so that it may have done the work. */
  readonly sent: boolean;

  constructor(message: string, { sent, cause }: { sent: boolean; cause?: unknown }) {
    super(message, { cause });
    this.sent = sent;
  }
}
