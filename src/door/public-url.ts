import { AppError } from "../kernel/index.ts";

/** @throws AppError `invalid_input` for what no server of a tool could call. */
export function assertPublicUrl(text: string): void {
  const url = URL.parse(text);
  const isPublic =
    url?.protocol === "https:" &&
    url.pathname === "/" &&
    url.search === "" &&
    url.username === "" &&
    !/^(?:localhost|127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|\[)/.test(url.hostname);
  if (isPublic) return;
  throw new AppError("invalid_input", "a public https address without a path is wanted", {
    hint: "for example --public-url https://keys.example.com",
  });
}
