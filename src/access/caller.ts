/** Who asks: part of every call that touches secrets, and of every audit entry. */
export type Caller =
  /** Somebody at the CLI of this machine; `user` is the operating system's name. */
  | { readonly kind: "cli"; readonly user: string }
  /** A gateway process, for itself: lending keys, reading what it serves. */
  | { readonly kind: "gateway"; readonly node: string }
  /** Whoever holds a virtual key or one of its tool tokens. */
  | { readonly kind: "virtual_key"; readonly id: string }
  /** Ownkey's own timed work. */
  | { readonly kind: "scheduler" };

/** The caller as one word for audit entries and logs: `cli:ada`, `gateway:node_…`. */
export function callerName(caller: Caller): string {
  switch (caller.kind) {
    case "cli":
      return `cli:${caller.user}`;
    case "gateway":
      return `gateway:${caller.node}`;
    case "virtual_key":
      return `virtual_key:${caller.id}`;
    case "scheduler":
      return "scheduler";
  }
}

/** What may be asked for. One decision, {@link allow}, says who may. */
export type Permission =
  | "vault.unlock"
  | "vault.lock"
  | "vault.manage"
  | "keys.manage"
  | "keys.read"
  | "keys.reveal"
  | "keys.lend"
  | "connections.manage"
  | "virtual_keys.manage"
  | "budgets.manage"
  | "tokens.issue"
  | "usage.read"
  | "prices.manage"
  | "audit.read"
  | "backup.create"
  | "backup.restore"
  | "config.manage";

/**
 * The one place that decides who may do what. One person owns this home, so the CLI may everything; a gateway may
 * borrow keys and nothing else; a virtual key may nothing outside the data plane.
 */
export function allow(caller: Caller, permission: Permission): boolean {
  switch (caller.kind) {
    case "cli":
      return true;
    case "gateway":
      return permission === "keys.lend" || permission === "keys.read";
    case "scheduler":
      return permission === "vault.lock" || permission === "keys.read";
    case "virtual_key":
      return false;
  }
}
