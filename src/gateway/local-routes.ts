import { AppError } from "../kernel/index.ts";
import { notAllowed, REQUEST_ID_HEADER } from "./errors.ts";
import type { Directory } from "./parts.ts";
import type { RequestHeaders } from "./request-headers.ts";
import type { Target } from "./target.ts";

/** Answers that need no virtual key and no provider; `undefined` when the request is not for one of them. */
export function localAnswer(
  method: string,
  target: Target,
  directory: Directory,
  requestId: string,
): Response | undefined {
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead) return undefined;
  switch (target.path) {
    // Tools look whether anybody is there.
    case "/":
      return answer(200, { name: "ownkey" }, requestId);
    case "/healthz":
      return answer(200, { status: "ok" }, requestId);
    case "/readyz": {
      const reason = directory.unready();
      return reason === undefined
        ? answer(200, { status: "ready" }, requestId)
        : answer(503, { reason }, requestId);
    }
    default:
      return undefined;
  }
}

/** Refuses what the data plane does not carry, before anybody is asked who they are. */
export function refuseUncarried(method: string, headers: RequestHeaders): void {
  // What a provider answers must never become a page on this origin.
  if (headers["sec-fetch-mode"] === "navigate") {
    throw notAllowed(
      "path",
      "this address is for tools, not for browsers",
      "point an SDK or a tool at it: see the README",
    );
  }
  // Other upgrades (h2c) are offers that may be passed over.
  if (headers["upgrade"]?.toLowerCase().includes("websocket") === true) {
    throw new AppError("unsupported", "WebSocket routes are not carried", {
      hint: "use the HTTP form of the API, for example /v1/responses with stream",
    });
  }
  if (method === "TRACE" || method === "CONNECT") {
    throw new AppError("unsupported", "this method is not carried");
  }
}

function answer(status: number, body: object, requestId: string): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      [REQUEST_ID_HEADER]: requestId,
    },
  });
}
