import { AppError, maskSecrets } from "../kernel/index.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/;

/** Names have no `/`, so that `connection/name` can be read. @throws AppError `invalid_input`. */
export function assertName(what: "connection" | "key", name: string): void {
  if (NAME.test(name) && !/^(?:conn|key)_/.test(name)) return;
  throw new AppError(
    "invalid_input",
    `${name.length} characters given as the ${what}'s name are not a name`,
    {
      hint: "use 1 to 64 letters, digits and . _ : @ -, beginning with a letter or digit, and not like an id",
    },
  );
}

/** Whatever somebody typed as a reference, fit for a message: it may have been a key. */
export function shownReference(reference: string): string {
  return maskSecrets(reference.slice(0, 64));
}
