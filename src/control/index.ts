// The groups under `operations/` are not listed here: whoever runs one imports its file alone, because each brings its
// schemas and what it works with.
export { OPERATIONS, type Operations } from "./operations.ts";
export { checkedInput } from "./checked-input.ts";
export * from "./client.ts";
export * from "./control.ts";
export * from "./http.ts";
export { holdSession } from "./run/hold-lazily.ts";
export { fillReferences, referencesInText } from "./run/reference.ts";
export type { RunSession } from "./run/session.ts";
export * from "./local-client.ts";
export { ModelLists } from "./model-lists.ts";
export { loadNames, type Names } from "./names.ts";
export { answeringProgram } from "./answering-program.ts";
export { holderName, otherOwnkey } from "./other-ownkey.ts";
export { webhookPost } from "./post-webhook.ts";
export { SigningSecrets } from "./signing-secrets.ts";
export type { AnyOperation, Operation } from "./operation.ts";
export * from "./running.ts";
