import { AppError, hasSecretMark, isOpaqueSecret } from "../kernel/index.ts";

/**
 * Refuses a command line that holds something shaped like a credential: every process of the machine can read it
 * there, and the shell has already written it into its history. Keys without a mark of their own look like a digest or
 * an account's id: those are refused only where no option's value stands.
 */
export function refuseSecretArguments(argv: readonly string[]): void {
  const isSecret = (argument: string, index: number) =>
    hasSecretMark(argument) || (isOpaqueSecret(argument) && !argv[index - 1]?.startsWith("--"));
  if (argv.some(isSecret)) throw secretInArgument();
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
