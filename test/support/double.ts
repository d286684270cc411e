/**
 * A provider's double: aimock with key checking on, behind a raw server that keeps what arrived and what went back,
 * byte for byte, and can answer by itself in ways that aimock cannot.
 */
import { LLMock } from "@copilotkit/aimock";
import { type Arrived, type Behaviour, chunked, startUpstream, type Upstream, whole } from "./upstream.ts";

/** One request and what the double answered. */
export interface Exchange {
  readonly arrived: Arrived;
  status: number;
  /** Lower-case names; without hop-by-hop ones. */
  headers: Record<string, string>;
  /** Without the framing of the transfer. */
  body: Buffer;
}

export class ProviderDouble {
  readonly mock: LLMock;
  readonly exchanges: Exchange[] = [];
  readonly #upstream: Upstream;
  readonly #canned: Behaviour[] = [];

  /** Accepts these keys and no others. */
  static async start(keys: readonly string[]): Promise<ProviderDouble> {
    const mock = await LLMock.create({ port: 0, auth: { apiKeys: [...keys] } });
    const behaviour: { current?: Behaviour } = {};
    const upstream = await startUpstream((arrived, socket) => behaviour.current?.(arrived, socket));
    const double = new ProviderDouble(mock, upstream);
    behaviour.current = (arrived, socket) => double.#answer(arrived, socket);
    return double;
  }

  private constructor(mock: LLMock, upstream: Upstream) {
    this.mock = mock;
    this.#upstream = upstream;
  }

  get url(): string {
    return this.#upstream.url;
  }

  get last(): Exchange {
    const last = this.exchanges.at(-1);
    if (!last) throw new Error("nothing has reached the provider yet");
    return last;
  }

  /** The next request gets this answer instead of aimock's. */
  answerNext(behaviour: Behaviour): void {
    this.#canned.push(behaviour);
  }

  /** The same, as a whole JSON document. */
  answerNextWith(status: number, document: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.answerNext(whole(status, JSON.stringify(document), headers));
  }

  /** Everything that has arrived, as text: request lines, headers and bodies. */
  everythingSeen(): string {
    return this.exchanges
      .map(({ arrived }) =>
        [arrived.method, arrived.path, ...[...arrived.headers].flat(), arrived.body.toString("latin1")].join(
          "\n",
        ),
      )
      .join("\n");
  }

  async stop(): Promise<void> {
    await this.#upstream.close();
    await this.mock.stop();
  }

  async #answer(arrived: Arrived, socket: Parameters<Behaviour>[1]): Promise<void> {
    const exchange: Exchange = { arrived, status: 0, headers: {}, body: Buffer.alloc(0) };
    this.exchanges.push(exchange);
    const canned = this.#canned.shift();
    if (canned) {
      await canned(arrived, socket);
      return;
    }
    const answer = await fetch(this.mock.url + pathForAimock(arrived.path), {
      method: arrived.method,
      headers: [...arrived.headers].filter(([name]) => name !== "host" && name !== "content-length"),
      ...(arrived.body.length === 0 ? {} : { body: new Uint8Array(arrived.body) }),
      decompress: false,
    });
    exchange.status = answer.status;
    exchange.headers = Object.fromEntries([...answer.headers].filter(([name]) => !HOP_BY_HOP.has(name)));
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
      exchange.body = Buffer.from(await answer.arrayBuffer());
      exchange.headers["content-length"] = String(exchange.body.length);
      await whole(answer.status, exchange.body, exchange.headers)(arrived, socket);
      return;
    }
    await chunked(kept(answer, exchange), exchange.headers)(arrived, socket);
  }
}

/** Gemini's stable version has the same calls as the beta one, which aimock knows. */
function pathForAimock(path: string): string {
  return path.replace(/^\/v1(?=\/models\/[^/]+:)/, "/v1beta");
}

async function* kept(answer: Response, exchange: Exchange): AsyncGenerator<Uint8Array> {
  for await (const piece of answer.body ?? []) {
    exchange.body = Buffer.concat([exchange.body, piece]);
    yield piece;
  }
}

const HOP_BY_HOP: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding"]);
