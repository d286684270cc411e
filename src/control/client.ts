import type { z } from "zod";
import {
  AppError,
  type AppErrorOptions,
  ERROR_CODES,
  type ErrorCode,
  isJsonObject,
  objectAt,
  stringAt,
} from "../kernel/index.ts";
import type { Operation } from "./operation.ts";

/** Runs operations, wherever they run. */
export interface ControlClient {
  call<Input extends z.ZodType, Output extends z.ZodType>(
    operation: Operation<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>>;
}

export interface SocketClient extends ControlClient {
  /** Whether somebody is there; false for a socket left over from a program that is gone. */
  answers(): Promise<boolean>;
}

const ANSWER_WITHIN_MS = 2_000;

/** Calls the running program over its socket. @throws AppError `not_running` when nobody answers there. */
export function createSocketClient(socket: string): SocketClient {
  return {
    async answers() {
      try {
        const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
        return (await fetch("http://localhost/healthz", { unix: socket, signal })).ok;
      } catch {
        return false;
      }
    },
    async call(operation, input) {
      const document = await callSocket(socket, operation.name, input);
      const { success, data, error } = operation.output.safeParse(document);
      if (success) return data;
      throw new AppError("conflict", "the running Ownkey is of another version", {
        hint: "start it anew: ownkey down, then ownkey up --detach",
        cause: error,
      });
    },
  };
}

async function callSocket(socket: string, name: string, input: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`http://localhost/api/${name}`, {
      unix: socket,
      method: "POST",
      body: JSON.stringify(input),
    });
  } catch (error) {
    throw new AppError("not_running", "the running Ownkey does not answer on its control socket", {
      hint: "ownkey up --detach starts it",
      retryable: true,
      cause: error,
    });
  }
  const document: unknown = await response.json().catch(() => undefined);
  if (response.ok && document !== undefined) return document;
  throw errorFromDocument(document);
}

/** The error that a running program answered with. */
export function errorFromDocument(document: unknown): AppError {
  const error = isJsonObject(document) ? document["error"] : undefined;
  const code = stringAt(error, "code") ?? "";
  return new AppError(
    Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "internal",
    stringAt(error, "message") ?? "the running Ownkey gave an answer that this one does not understand",
    {
      hint: stringAt(error, "hint"),
      details: objectAt(error, "details") as AppErrorOptions["details"],
    },
  );
}
