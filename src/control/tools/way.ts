import type { Connection } from "../../connections/index.ts";
import { AppError } from "../../kernel/index.ts";
import { matchRoute, providerById } from "../../providers/index.ts";
import { type Habit, type ToolAdapter, type Wire, WIRE_NAMES, type WireStyle } from "../../tools/index.ts";
import type { Control } from "../control.ts";

/** Which connection a tool is to use, and how. */
export interface Way {
  readonly style: WireStyle;
  readonly connection: Connection;
  /** Every wire that some connection serves. */
  readonly served: readonly Wire[];
}

/** The paths by which a provider shows what it serves. */
export const PATHS: Readonly<Record<Wire, string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
  gemini: "/v1beta/models/m:generateContent",
};

/** Where a key for a wire comes from, when there is none. */
const USUAL_PROVIDERS: Readonly<Record<Wire, string>> = {
  chat: "openai",
  responses: "openai",
  messages: "anthropic",
  gemini: "google",
};

/**
 * The first of the tool's wires that a connection with a key serves, the one that it sends now before the others; by
 * the connection whose own dialect it is, when there is one.
 * @throws AppError `no_connection`, naming the key that is missing; `ambiguous_connection` when several serve it and
 *   none is named; `not_found` for a name that no connection has.
 */
export async function chooseWay(
  { connections }: Pick<Control, "connections">,
  { name, traits }: ToolAdapter,
  { wanted, habit = {} }: { readonly wanted?: string | undefined; readonly habit?: Habit },
): Promise<Way> {
  const only = wanted === undefined ? undefined : await connections.resolve(wanted);
  const usable: Connection[] = [];
  for (const connection of await connections.list()) {
    if (await connections.servingKeyOf(connection.id)) usable.push(connection);
  }
  const served = (Object.keys(PATHS) as Wire[]).filter((wire) => usable.some((one) => serves(one, wire)));
  for (const style of preferred(traits.styles, habit)) {
    const able = usable.filter((one) => serves(one, style.wire));
    const native = able.filter((one) => speaks(one, style.wire));
    const found = only ? able.filter(({ id }) => id === only.id) : native.length > 0 ? native : able;
    const [connection, ...others] = found;
    if (!connection) continue;
    if (others.length > 0) throw ambiguous(name, found);
    return { style, connection, served };
  }
  throw noneServes(name, traits.styles, only);
}

function preferred(styles: readonly WireStyle[], { wire }: Habit): readonly WireStyle[] {
  return styles.toSorted((a, b) => Number(b.wire === wire) - Number(a.wire === wire));
}

function serves({ provider, preset }: Connection, wire: Wire): boolean {
  return typeof matchRoute(providerById(provider, preset), "POST", PATHS[wire]) === "object";
}

/** In its own dialect, not in one that it offers besides (Gemini has OpenAI's Chat Completions too). */
function speaks({ provider, preset }: Connection, wire: Wire): boolean {
  const dialect = { chat: "openai", responses: "openai", messages: "anthropic", gemini: "google" }[wire];
  return providerById(provider, preset).dialect === dialect;
}

function ambiguous(name: string, found: readonly Connection[]): AppError {
  const names = found.map((one) => one.name);
  return new AppError(
    "ambiguous_connection",
    `several connections could serve ${name}: ${names.join(", ")}`,
    {
      hint: "choose one with --connection NAME",
      details: { connections: names },
    },
  );
}

function noneServes(name: string, styles: readonly WireStyle[], only: Connection | undefined): AppError {
  const wires = [...new Set(styles.map(({ wire }) => WIRE_NAMES[wire]))].join(" or ");
  const providers = [...new Set(styles.map(({ wire }) => USUAL_PROVIDERS[wire]))];
  const who = only
    ? `the connection "${only.name}" does not serve that, or has no key`
    : "no connection with a key serves that";
  return new AppError("no_connection", `${name} sends ${wires}, and ${who}`, {
    hint: `add a key: ${providers.map((provider) => `ownkey keys add ${provider}`).join(", or ")}`,
  });
}
