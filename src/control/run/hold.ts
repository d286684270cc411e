import { z } from "zod";
import { type Caller, ToolTokenVerifier } from "../../access/index.ts";
import { AppError } from "../../kernel/index.ts";
import { checkedInput } from "../checked-input.ts";
import type { Control } from "../control.ts";
import { readJsonBody } from "../request-body.ts";
import { secretInput } from "../schemas.ts";
import { openRunSession, runInput } from "./session.ts";

const LARGEST_INPUT_BYTES = 256 * 1024;

/** One of the three. */
const inputSchema = z.object({
  open: runInput.optional(),
  resume: z.object({ token: secretInput }).optional(),
  end: z.object({ session: z.string().max(64) }).optional(),
});

/**
 * `POST /session` on the control socket: `ownkey run` opens its session with it and keeps the answer open. The answer
 * is one line of JSON and then silence; when the other side is gone, killed or not, the session ends and its token
 * with it, for the next request. After a restart of this program a run that is still there takes its session up again.
 */
export async function holdSession(control: Control, caller: Caller, request: Request): Promise<Response> {
  const body = await readJsonBody(request, LARGEST_INPUT_BYTES);
  const { open, resume, end } = checkedInput(inputSchema, body);
  if (end) {
    control.sessions.end(end.session);
    return Response.json({ done: true });
  }
  if (resume) {
    const session = sessionOf(control, resume.token.reveal());
    return held(control, request, session, { session });
  }
  const opened = await openRunSession(control, caller, open ?? runInput.parse({}));
  return held(control, request, opened.session, opened);
}

/** Whoever shows the session's token may hold it: it was given to nobody else. */
function sessionOf({ vault, clock }: Control, token: string): string {
  const verifier = new ToolTokenVerifier({ signer: vault, sessions: { isOpen: () => true } });
  const claims = verifier.verify(token, clock.nowMs());
  if (typeof claims === "string") throw ended();
  return claims.tokenId;
}

function held({ sessions }: Control, request: Request, session: string, document: object): Response {
  const letGo = sessions.hold(session);
  if (!letGo) throw ended();
  request.signal.addEventListener("abort", letGo, { once: true });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(`${JSON.stringify(document)}\n`)),
    cancel: letGo,
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

function ended(): AppError {
  return new AppError("conflict", "this session has ended", { hint: "start the program again" });
}
