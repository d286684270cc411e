import { AppError, fromUtf8, readUpTo } from "../kernel/index.ts";

/** The body as JSON; an empty one is an empty object. @throws AppError `too_large`, `invalid_input`. */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  const read = announced > maxBytes ? undefined : await readUpTo(request.body, maxBytes);
  if (!read?.isWhole) {
    throw new AppError("too_large", `the input is larger than ${maxBytes} bytes`, {
      hint: "larger input is for the ownkey command",
    });
  }
  const { bytes } = read;
  try {
    return bytes.length === 0 ? {} : JSON.parse(fromUtf8(bytes));
  } catch {
    throw new AppError("invalid_input", "the input is not valid JSON in UTF-8", {
      hint: "send one JSON object, or no body",
    });
  }
}
