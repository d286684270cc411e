/** Something about a value that can be told without asking anybody. */
export interface KeyProblem {
  /** `refuse`: not a credential for this use; `keys add` stores it only with `--keep`. `warn`: goes on. */
  readonly severity: "refuse" | "warn";
  readonly code:
    | "empty"
    | "surrounding_space"
    | "quotes"
    | "bearer_prefix"
    | "assignment"
    | "inner_space"
    | "too_long"
    | "not_a_header_value"
    | "redacted"
    | "placeholder"
    | "virtual_key"
    | "oauth_token"
    | "admin_key"
    | "inference_key"
    | "other_provider"
    | "unusual_shape"
    | "plain_http";
  readonly message: string;
  readonly hint: string;
}

/** A problem that ends `keys add`, unless it is told to keep the value all the same. */
export function refusal(code: KeyProblem["code"], message: string, hint: string): KeyProblem {
  return { severity: "refuse", code, message, hint };
}
