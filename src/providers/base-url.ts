import { AppError, isLoopback } from "../kernel/index.ts";

const MAX_URL_CHARS = 2000;

export interface BaseUrlOptions {
  /** The option's name, for messages: `--base-url`. */
  readonly option: string;
  readonly insecureHttp: boolean;
}

/** A base URL taken apart; what was mended on the way is told in `notes`. */
export interface ParsedBaseUrl {
  readonly origin: string;
  readonly hostname: string;
  /** Without trailing slash, doubled version segment or a route behind it; empty for none. */
  readonly path: string;
  /** Still to be judged: only Azure's own links carry one. */
  readonly query: URLSearchParams;
  readonly notes: readonly string[];
}

/**
 * Reads an address as people paste it: a missing scheme and a route behind the base are mended, whatever could send
 * a key astray is refused. @throws AppError `invalid_input`.
 */
export function parseBaseUrl(text: string, options: BaseUrlOptions): ParsedBaseUrl {
  const notes: string[] = [];
  if (text.length > MAX_URL_CHARS)
    throw refuse(options, `has ${text.length} characters`, "give the base address only");
  const url = URL.parse(withScheme(text.trim(), notes));
  if (!url || url.hostname === "") throw refuse(options, "is not a URL", "write it like https://host/path");
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(options, "is neither https nor http", "write it like https://host/path");
  }
  if (url.username !== "" || url.password !== "") {
    throw refuse(options, "holds a user name or password", "give the key itself to: ownkey keys add");
  }
  if (url.hash !== "") throw refuse(options, "holds a fragment (#…)", "leave it out");
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !options.insecureHttp) {
    throw refuse(
      options,
      "is plain http to another machine",
      "use https, or add --insecure-http on a network you trust",
    );
  }
  return {
    origin: url.origin,
    hostname: url.hostname,
    path: mendPath(url.pathname, notes),
    query: url.searchParams,
    notes,
  };
}

function withScheme(text: string, notes: string[]): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const scheme = isLoopback(text.replace(/[:/].*$/, "")) ? "http" : "https";
  notes.push(`the scheme was missing; ${scheme}:// is used`);
  return `${scheme}://${text.replace(/^\/+/, "")}`;
}

/** Routes that documentation shows behind the base. `/models` alone may belong to the base, behind a version not. */
const ROUTE_TAIL =
  /(?:\/chat\/completions|\/completions|\/responses|\/embeddings|\/messages|(?<=\/v\d[a-z0-9]{0,9})\/models(?:\/[^/]+)?)$/;

function mendPath(pathname: string, notes: string[]): string {
  let path = pathname.replace(/\/{2,}/g, "/").replace(/\/$/, "");
  if (ROUTE_TAIL.test(path)) {
    path = path.replace(ROUTE_TAIL, "");
    notes.push("the route behind the base URL was dropped");
  }
  const single = path.replace(/(\/v\d+[a-z0-9]*)(?:\1)+(?=\/|$)/, "$1");
  if (single !== path) notes.push("the version segment was doubled; one is used");
  return single;
}

export function refuse(options: Pick<BaseUrlOptions, "option">, fault: string, hint: string): AppError {
  return new AppError("invalid_input", `${options.option} ${fault}`, { hint });
}
