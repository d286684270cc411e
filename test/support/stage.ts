/** A running Ownkey with a scripted provider behind one connection of each dialect, and a virtual key for all. */
import { expect } from "bun:test";
import { newKey } from "./keys.ts";
import { OwnkeyHome, type RequestRow, type RunningUp, until } from "./ownkey.ts";
import { json, startUpstream, type Upstream } from "./upstream.ts";

export const ANSWER = {
  id: "c1",
  object: "chat.completion",
  model: "gpt-4o-mini",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};

export const hello = { model: "gpt-4o-mini", messages: [{ role: "user", content: "hi" }] };

/** An error of Ownkey itself, in any dialect. */
export interface ErrorBody {
  readonly error: {
    readonly code: string | number;
    readonly message: string;
    readonly details?: readonly { readonly reason: string }[];
  };
}

export interface Asked {
  readonly body?: unknown;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
}

export class Stage {
  readonly home: OwnkeyHome;
  readonly providerKey = newKey.openai();
  readonly upstream: Upstream;
  readonly up: RunningUp;
  virtualKey = "";

  /** Connections `openai`, `anthropic` and `google`, all at the same double; it answers {@link ANSWER}. */
  static async open(): Promise<Stage> {
    const upstream = await startUpstream(json(200, ANSWER));
    const home = new OwnkeyHome();
    const stage = new Stage(home, upstream, await home.up());
    for (const [provider, value] of [
      ["openai", stage.providerKey],
      ["anthropic", newKey.anthropic()],
      ["google", newKey.google()],
    ] as const) {
      await stage.home.call("keys.add", { provider, value, baseUrl: upstream.url, test: false });
    }
    stage.virtualKey = (await stage.home.call<{ key: string }>("vk.create", { name: "stage" })).key;
    return stage;
  }

  private constructor(home: OwnkeyHome, upstream: Upstream, up: RunningUp) {
    this.home = home;
    this.upstream = upstream;
    this.up = up;
  }

  async close(): Promise<void> {
    await this.upstream.close();
    await this.home.remove();
  }

  async ask({ body = hello, path = "/v1/chat/completions", headers, key = this.virtualKey }: Asked = {}) {
    return await fetch(this.up.ready.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
      redirect: "manual",
    });
  }

  /** Expects Ownkey's own error, and that nothing has reached the provider. Gives the message. */
  async expectRefused(asked: Asked, status: number, code: string): Promise<string> {
    const before = this.upstream.arrived.length;
    const response = await this.ask(asked);
    const { error } = (await response.json()) as ErrorBody;
    expect({ status: response.status, code: error.code as string }).toEqual({ status, code });
    expect(response.headers.get("x-ownkey-request-id")).toStartWith("req_");
    expect(this.upstream.arrived).toHaveLength(before);
    return error.message;
  }

  /** Expects that an ordinary request is answered as if nothing had happened. */
  async expectServing(): Promise<void> {
    const response = await this.ask();
    expect(await response.json()).toEqual(ANSWER);
  }

  /** The row of one request, once it is settled. */
  async rowOf(response: Response): Promise<RequestRow> {
    const id = response.headers.get("x-ownkey-request-id");
    return await until(async () => {
      const { items } = await this.home.call<{ items: readonly RequestRow[] }>("requests.show", { id });
      return items.find((row) => row.state !== "reserved");
    }, "the request is settled");
  }

  /** The first lines of a request, written by hand, that would be served. */
  head(request: string, host = new URL(this.up.ready.url).host): string[] {
    return [`${request} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${this.virtualKey}`];
  }
}
