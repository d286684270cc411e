/** The variables in which people keep one provider's keys, the most usual first; the providers' folders know them. */
export interface KeyVariables {
  /** Provider or preset, as `keys add` takes it. */
  readonly provider: string;
  readonly variables: readonly string[];
  /** What `keys add` needs besides the key: `--endpoint "$AZURE_OPENAI_ENDPOINT"`. */
  readonly options?: string;
}

export interface KeySuggestion {
  readonly provider: string;
  readonly variable: string;
  /** To be copied into a shell; holds the variable's name, never its value. */
  readonly command: string;
}

/**
 * One suggestion for each provider of which a key seems to be in the environment. Values are looked at only to leave
 * out empty ones and Ownkey's own virtual keys; variables for admin credentials are left out, as tools do not use them.
 */
export function suggestKeys(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly KeyVariables[],
): KeySuggestion[] {
  const holdsKey = (variable: string) => {
    const value = env[variable]?.trim() ?? "";
    return value !== "" && !value.startsWith("sk-ownkey-") && !variable.includes("_ADMIN_");
  };
  return known.flatMap(({ provider, variables, options }) => {
    const variable = variables.find(holdsKey);
    if (variable === undefined) return [];
    const words = ["ownkey keys add", provider, ...(options === undefined ? [] : [options])];
    return [{ provider, variable, command: [...words, "--from-env", variable].join(" ") }];
  });
}
