import { AppError, hasSecretShape } from "../kernel/index.ts";

/**
 * Refuses a command line that holds something shaped like a credential: every process of the machine can read it
 * there, and the shell has already written it into its history.
 */
export function refuseSecretArguments(argv: readonly string[]): void {
  if (argv.some(hasSecretShape)) throw secretInArgument();
}

export function secretInArgument(): AppError {
  return new AppError(
    "secret_in_argument",
    "a secret was given as an argument: other processes can read it there, and your shell's history now holds it",
    {
      hint: "use the prompt, --stdin, or --from-env VAR; then remove the line from the history, and replace that key",
    },
  );
}
