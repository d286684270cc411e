/** What comes in through the door: one tool's inference paths, for one Host, with a key that may. */
export interface DoorRules {
  /** Its path prefix: `/t/TOOL/`. */
  readonly tool: string;
  /** The public name, as it stands in the Host header; nothing is served while it is not known. */
  readonly host: string | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST"]);

/**
 * Why a request is not let in before anybody asks for its key; `undefined` when nothing stands against it. Paths are
 * held against a list of plain characters: no escape, no empty or dot segment, nothing that the gateway behind could
 * read in another way.
 */
export function refusalOf(
  { method, url, host }: { readonly method: string; readonly url: string; readonly host: string | null },
  rules: DoorRules,
): Refusal | undefined {
  if (rules.host === undefined || host?.toLowerCase() !== rules.host) {
    return { status: 421, code: "unknown_host", message: "this name is not served here" };
  }
  if (!isToolPath(pathOf(url), rules.tool)) {
    return { status: 404, code: "not_found", message: "there is nothing here" };
  }
  if (!METHODS.has(method))
    return { status: 405, code: "unsupported", message: "this method is not carried" };
  return undefined;
}

function isToolPath(path: string, tool: string): boolean {
  const prefix = `/t/${tool}/`;
  if (!path.startsWith(prefix)) return false;
  const rest = path.slice(prefix.length);
  return /^(?:cursor\/)?v1(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/.test(rest);
}

/** As the request line has it, without the query. */
function pathOf(url: string): string {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  const path = start < 0 ? "/" : url.slice(start);
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

/** The virtual key that a request holds; `undefined` for none. */
export function bearerOf(authorization: string | null): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}
