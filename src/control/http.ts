import { Hono } from "hono";
import type { Caller } from "../access/index.ts";
import { AppError, errorDocument, type Log, toAppError } from "../kernel/index.ts";
import type { Control } from "./control.ts";
import { openApiDocument } from "./openapi.ts";
import { type AnyOperation, isRemote } from "./operation.ts";
import { runOperation } from "./run.ts";

export interface ControlHttpOptions {
  readonly control: Control;
  readonly operations: readonly AnyOperation[];
  readonly log: Log;
  /** Who asks; `undefined` refuses with 401. */
  callerOf(request: Request): Caller | undefined;
  /** `undefined` when ready, else the reason. */
  notReady(): string | undefined;
  metrics(): string;
}

/** Requests to the control port never come from a page of another origin, whatever name it resolves to this machine. */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

const LARGEST_BODY_BYTES = 1024 * 1024;

/** Every operation as `POST /api/NAME`, beside health and metrics. Served on the control socket and the control port. */
export function createControlHttp(options: ControlHttpOptions): Hono {
  const { control, operations, log } = options;
  const byName = new Map(operations.map((one) => [one.name, one]));
  const app = new Hono();

  app.use(async (context, next) => {
    if (!LOCAL_HOST.test(context.req.header("host") ?? "")) {
      throw new AppError("unknown_host", "the control port answers to loopback names only");
    }
    const site = context.req.header("sec-fetch-site");
    if (site !== undefined && site !== "same-origin" && site !== "none") {
      throw new AppError("denied", "calls from another site's page are refused");
    }
    await next();
    context.header("cache-control", "no-store");
    context.header("x-content-type-options", "nosniff");
    context.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  });

  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", (context) => {
    const reason = options.notReady();
    return reason === undefined ? context.json({ status: "ready" }) : context.json({ reason }, 503);
  });
  app.get("/metrics", (context) => context.text(options.metrics()));
  app.get("/api/openapi.json", (context) => context.json(openApiDocument(operations)));

  app.post("/api/:name", async (context) => {
    const caller = options.callerOf(context.req.raw);
    if (!caller) {
      throw new AppError("unauthenticated", "the control port takes no commands without signing in", {
        hint: "use the ownkey command on this machine",
      });
    }
    const found = byName.get(context.req.param("name"));
    if (!found || !isRemote(found)) {
      throw new AppError("not_found", `there is no operation "${context.req.param("name")}" here`);
    }
    const text = await context.req.text();
    if (text.length > LARGEST_BODY_BYTES) throw new AppError("too_large", "the input is larger than 1 MiB");
    return context.json((await runOperation(found, control, caller, parseInput(text))) as object);
  });

  app.notFound(() => {
    throw new AppError("not_found", "there is nothing at this path");
  });
  app.onError((error) => {
    const known = toAppError(error);
    if (known.code === "internal") log.error("control.failed", { error: known });
    return Response.json(errorDocument(known), { status: known.httpStatus });
  });
  return app;
}

function parseInput(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new AppError("invalid_input", "the input is not valid JSON");
  }
}
