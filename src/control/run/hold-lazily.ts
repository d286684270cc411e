import type { Caller } from "../../access/index.ts";
import type { Control } from "../control.ts";

/** See hold.ts, which is loaded with the first session: its schemas are no part of a start. */
export async function holdSession(control: Control, caller: Caller, request: Request): Promise<Response> {
  return await (await import("./hold.ts")).holdSession(control, caller, request);
}
