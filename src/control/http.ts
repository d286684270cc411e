import { type Context, Hono } from "hono";
import type { Caller } from "../access/index.ts";
import { REQUEST_ID_HEADER } from "../gateway/index.ts";
import { AppError, errorDocument, type Log, toAppError } from "../kernel/index.ts";
import type { Control } from "./control.ts";
import { isRemote } from "./operation.ts";
import type { Operations } from "./operations.ts";
import { readJsonBody } from "./request-body.ts";
import { runOperation } from "./run.ts";

export interface ControlHttpOptions {
  readonly control: Control;
  readonly operations: Operations;
  readonly log: Log;
  /** A new id for each request: in its answer's headers, and in the log when it fails. */
  requestId(): string;
  /** Who asks; `undefined` refuses with 401. */
  callerOf(request: Request): Caller | undefined;
  /** `undefined` when ready, else the reason. */
  notReady(): string | undefined | Promise<string | undefined>;
  metrics(): string | Promise<string>;
  /** Serves `POST /session`; absent where no sessions are given out. */
  holdSession?(caller: Caller, request: Request): Promise<Response>;
}

/** What is known of a request while it is answered. */
interface ControlEnv {
  Variables: { requestId: string };
}

/** Requests to the control port never come from a page of another origin, whatever name it resolves to this machine. */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

export const LARGEST_INPUT_BYTES = 1024 * 1024;

/** On every answer, also on errors. */
const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** The text format of Prometheus; a scraper refuses an answer that does not say so. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Every operation as `POST /api/NAME`, beside health and metrics. Served on the control socket and the control port. */
export function createControlHttp(options: ControlHttpOptions): Hono<ControlEnv> {
  const { control, operations, log } = options;
  const app = new Hono<ControlEnv>();

  // Before the checks, so that what they refuse is answered with the headers as well.
  app.use(async (context, next) => {
    const requestId = options.requestId();
    context.set("requestId", requestId);
    await next();
    context.header(REQUEST_ID_HEADER, requestId);
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  });
  app.use(async (context, next) => {
    assertLocal(context);
    await next();
  });

  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", async (context) => {
    const reason = await options.notReady();
    return reason === undefined ? context.json({ status: "ready" }) : context.json({ reason }, 503);
  });
  app.get("/metrics", async (context) =>
    context.body(await options.metrics(), 200, { "content-type": METRICS_TYPE }),
  );
  app.get("/api/openapi.json", async (context) => {
    const { openApiDocument } = await import("./openapi.ts");
    return context.json(openApiDocument(await operations.all()));
  });

  app.post("/session", async (context) => {
    const caller = options.callerOf(context.req.raw);
    if (!caller || !options.holdSession) throw nothingHere();
    return await options.holdSession(caller, context.req.raw);
  });

  app.post("/api/:name", async (context) => {
    const caller = options.callerOf(context.req.raw);
    if (!caller) {
      throw new AppError("unauthenticated", "the control port takes no commands without signing in", {
        hint: "use the ownkey command on this machine",
      });
    }
    const found = await operations.find(context.req.param("name"));
    if (!found || !isRemote(found))
      throw new AppError("not_found", "there is no such operation here", { hint: LIST });
    const input = await readJsonBody(context.req.raw, LARGEST_INPUT_BYTES);
    return context.json((await runOperation(found, control, caller, input)) as object);
  });

  app.notFound(() => {
    throw nothingHere();
  });
  app.onError((error, context) => {
    const known = toAppError(error);
    if (known.code === "internal")
      log.error("control.failed", { requestId: context.get("requestId"), error: known });
    return Response.json(errorDocument(known), { status: known.httpStatus });
  });
  return app;
}

const LIST = "GET /api/openapi.json lists what there is";

function nothingHere(): AppError {
  return new AppError("not_found", "there is nothing at this path", { hint: LIST });
}

function assertLocal(context: Context): void {
  const host = context.req.header("host") ?? "";
  if (!LOCAL_HOST.test(host)) {
    throw new AppError("unknown_host", "the control port answers to loopback names only", {
      hint: "call it as http://127.0.0.1:PORT",
    });
  }
  const site = context.req.header("sec-fetch-site") ?? "none";
  const origin = context.req.header("origin") ?? `http://${host}`;
  if ((site !== "same-origin" && site !== "none") || origin !== `http://${host}`) {
    throw new AppError("denied", "calls from another site's page are refused");
  }
}
