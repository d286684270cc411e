import { AppError, fromUtf8 } from "../kernel/index.ts";
import { readBytesAtMost } from "./bounded-bytes.ts";

/** The body as JSON; an empty one is an empty object. @throws AppError `too_large`, `invalid_input`. */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  const bytes = announced > maxBytes ? undefined : await readBytesAtMost(request.body, maxBytes);
  if (!bytes) throw new AppError("too_large", `the input is larger than ${maxBytes} bytes`);
  try {
    return bytes.length === 0 ? {} : JSON.parse(fromUtf8(bytes));
  } catch {
    throw new AppError("invalid_input", "the input is not valid JSON in UTF-8");
  }
}
