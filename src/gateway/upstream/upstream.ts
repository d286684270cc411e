import type { Clock } from "../../kernel/index.ts";
import { type Fetch, forward, type Outbound } from "../forward.ts";
import { AnswerHeaders, type UpstreamAnswer } from "./answer.ts";
import { streamedBody } from "./body.ts";
import { createUpstreamClient } from "./client.ts";
import type { Exchange } from "./exchange.ts";

/** The way to the providers. */
export interface Upstream {
  send(outbound: Outbound): Exchange;
  /** Closes connections that nobody uses. */
  close(): void;
}

export interface UpstreamOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Certificate authorities to trust instead of the usual ones (PEM), for requests over our own connections. */
  readonly ca?: string | undefined;
}

/** Requests whose body is at hand go over our own connections, uploads that stream through `fetch`. */
export function createUpstream({ fetch, clock, ca }: UpstreamOptions): Upstream {
  const client = createUpstreamClient({ clock, ca });
  return {
    send(outbound) {
      const { method, url, destination, headers, body } = outbound;
      if (body instanceof ReadableStream) return sendByFetch(fetch, outbound);
      return client.send({ method, target: `${url.pathname}${url.search}`, destination, headers, body });
    },
    close: () => client.close(),
  };
}

function sendByFetch(fetch: Fetch, outbound: Outbound): Exchange {
  const controller = new AbortController();
  const answer = forward(fetch, outbound, controller.signal).then(answerOf);
  return { answer, abort: () => controller.abort() };
}

function answerOf({ status, headers, body }: Response): UpstreamAnswer {
  const length = headers.get("content-length");
  return {
    status,
    headers: new AnswerHeaders([...headers]),
    body: body === null ? null : streamedBody(body, length === null ? undefined : Number(length)),
  };
}
