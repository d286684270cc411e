import type { Provider, Verdict } from "../providers/index.ts";
import type { Plan } from "./plan.ts";
import { createdObject, isCreation, type StoredObjects } from "./stored-objects.ts";
import type { UpstreamAnswer } from "./upstream/answer.ts";

/** The beginning of an answer, kept beside the stream for what cannot be told from the status. */
export interface AnswerCopy {
  push(bytes: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
  /** What an error answer says about the key. */
  verdict(): Verdict;
}

const MAX_COPY_BYTES = 64 * 1024;
/** Up to here each piece is looked at; then each time that there is half as much again, so that crumbs cost nothing. */
const LOOK_ALWAYS_BYTES = 4 * 1024;

/** `undefined` when nobody needs the answer's text. */
export function createAnswerCopy(
  plan: Plan,
  answer: UpstreamAnswer,
  storedObjects: StoredObjects,
): AnswerCopy | undefined {
  const creates = answer.status < 300 && isCreation(plan.rule, plan.method);
  if (answer.status < 400 && !creates) return undefined;
  const pieces: Uint8Array[] = [];
  let size = 0;
  let recorded = false;
  let nextLookBytes = 0;
  const text = () => Buffer.concat(pieces).toString("utf8");
  return {
    push(bytes) {
      const room = MAX_COPY_BYTES - size;
      if (room <= 0 || recorded) return;
      pieces.push(Uint8Array.from(bytes.subarray(0, room)));
      size += Math.min(room, bytes.length);
      if (size < nextLookBytes && size < MAX_COPY_BYTES) return;
      if (size > LOOK_ALWAYS_BYTES) nextLookBytes = size * 1.5;
      look();
    },
    end: () => {
      if (!recorded) look();
    },
    verdict: () => verdictOf(plan.provider, answer, text()),
  };

  function look(): void {
    if (!creates) return;
    const id = createdObject(text());
    if (id === undefined) return;
    recorded = true;
    storedObjects.record({
      id,
      connectionId: plan.connection.id,
      virtualKeyId: plan.caller.virtualKey.id,
      kind: plan.rule.stores ?? "file",
    });
  }
}

function verdictOf(provider: Provider, answer: UpstreamAnswer, body: string): Verdict {
  return provider.verdict({ status: answer.status, headers: answer.headers.asHeaders(), body });
}
