/**
 * Paths with `.` or `..` in them. The server resolves them, as URLs are, before a handler can read the path; but it
 * looks for routes in the path as it came. So there is one for each place where such a segment can stand.
 */

/** The handler under every path that has a segment of dots, encoded or not, among its first ten segments. */
export function dotSegmentRoutes<Handler>(handler: Handler): Record<string, Handler> {
  const routes: Record<string, Handler> = {};
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const before = Array.from({ length: depth }, (_, at) => `/:s${at}`).join("");
    for (const dots of DOT_SEGMENTS) {
      routes[`${before}/${dots}`] = handler;
      routes[`${before}/${dots}/*`] = handler;
    }
  }
  return routes;
}

/** With both prefixes the longest path that we carry has ten; one that is resolved deeper down is none of ours. */
const MAX_DEPTH = 10;
const DOTS = [".", "%2e", "%2E"] as const;
const DOT_SEGMENTS = [...DOTS, ...DOTS.flatMap((first) => DOTS.map((second) => first + second))];
