/** What people see while keys are taken in. */
import type * as adopt from "../control/operations/adopt.ts";
import type { CliContext } from "./context.ts";
import { paint, printable, table } from "./output.ts";
import { diffText } from "./tools-diff.ts";
import { counted, shortPath } from "./wording.ts";

type Found = Awaited<ReturnType<typeof adopt.find.run>>;
export type FoundKey = Found["keys"][number];
type Stored = Awaited<ReturnType<typeof adopt.store.run>>["items"][number];
type FilePlan = Awaited<ReturnType<typeof adopt.plan.run>>["items"][number];
type Applied = Awaited<ReturnType<typeof adopt.apply.run>>["items"][number];
type Place = FilePlan["places"][number];

const WAYS: Readonly<Record<Place["way"], string>> = {
  command: "a command that prints a short-lived token",
  reference: "a reference, which ownkey run resolves",
  virtual_key: "a virtual key, and the gateway's address",
  removed: "nothing: it is not needed there",
  left: "stays",
};

export function foundText(context: CliContext, { keys, notTaken }: Pick<Found, "keys" | "notTaken">): string {
  return [
    paint(context, "bold", `${counted(keys.length, "provider key")} in plain text:`),
    ...keys.flatMap((key) => [
      `  ${printable(key.title)}  ${printable(key.masked)}  (${key.provider})`,
      ...key.places.map((place) => `      ${placeText(context, place)}`),
    ]),
    ...notTakenText(context, notTaken),
  ].join("\n");
}

export function notTakenText(context: CliContext, notTaken: Found["notTaken"]): string[] {
  if (notTaken.length === 0) return [];
  return [
    paint(context, "bold", "left where they are:"),
    ...notTaken.flatMap((one) => [
      `  ${printable(one.title)}  ${printable(one.masked)}  ${one.places.map((place) => placeText(context, place)).join(", ")}`,
      `      ${printable(one.why)}; ${printable(one.hint)}`,
    ]),
  ];
}

export function storedText(context: CliContext, items: readonly Stored[]): string {
  return table(
    items,
    [
      { title: "key", of: ({ candidate }) => candidate.masked },
      { title: "outcome", of: ({ outcome }) => OUTCOMES[outcome] },
      { title: "verdict", of: ({ verdict }) => verdict },
      {
        title: "stored as",
        of: ({ connection, name }) => (connection === null ? null : `${connection}/${name}`),
      },
      {
        title: "found in",
        of: ({ candidate: { places } }) =>
          places.length > 1 ? `${places.length} places` : shortPath(context, places[0]?.path ?? ""),
      },
      { title: "why", of: ({ message }) => message },
    ],
    "nothing was stored",
  );
}

/** What went to the only connection has a choice now, and would be refused. */
export function undecidedText(undecided: Awaited<ReturnType<typeof adopt.store.run>>["undecided"]): string[] {
  return undecided.map(
    ({ virtualKey, connection }) =>
      `requests of ${virtualKey} that name no connection went to ${connection}, and are refused while there are several: ownkey vk set ${virtualKey} --default-connection ${connection}`,
  );
}

const OUTCOMES: Readonly<Record<Stored["outcome"], string>> = {
  stored: "stored",
  known: "known already",
  refused: "refused",
  incomplete: "incomplete",
};

export function plansText(context: CliContext, plans: readonly FilePlan[]): string {
  const changed = plans.filter(({ changes }) => changes.length > 0);
  return [
    ...changed.map((plan) => `${diffText(context, plan.changes)}\n${placesText(context, plan.places)}`),
    ...leftText(context, plans),
  ].join("\n");
}

function placesText(context: CliContext, places: readonly Place[]): string {
  return places
    .filter(({ way }) => way !== "left")
    .map(({ key, way, note }) => {
      const told = `  ${printable(key)} → ${WAYS[way]}${note === null ? "" : ` (${printable(note)})`}`;
      return paint(context, "dim", told);
    })
    .join("\n");
}

/** Places that stay as they are, and what to do about them. */
export function leftText(context: CliContext, plans: readonly Pick<FilePlan, "places">[]): string[] {
  const left = plans.flatMap(({ places }) => places.filter(({ way }) => way === "left"));
  if (left.length === 0) return [];
  return [
    paint(context, "yellow", `${counted(left.length, "place stays as it is", "places stay as they are")}:`),
    ...left.flatMap((place) => [
      `  ${placeText(context, place)}  ${printable(place.masked)}: ${printable(place.note ?? "")}`,
      ...(place.hint === null ? [] : [`      → ${printable(place.hint)}`]),
    ]),
  ];
}

export function appliedText(context: CliContext, id: string, items: readonly Applied[]): string {
  const changed = items.filter(({ outcome }) => outcome === "changed");
  const free = changed.filter(({ places }) => places.every(({ way }) => way !== "left")).length;
  const failed = items.flatMap(({ file, error }) => (error ? [{ file, error }] : []));
  const told = (count: number, colour: "green" | "yellow", text: string) =>
    count === 0 ? [] : [paint(context, colour, text)];
  return [
    ...(changed.length === 0 ? ["no file was changed"] : []),
    ...told(free, "green", `${counted(free, "file holds", "files hold")} no provider key any more`),
    ...told(
      changed.length - free,
      "yellow",
      `${counted(changed.length - free, "file keeps", "files keep")} some`,
    ),
    ...failed.flatMap(({ file, error }) => [
      `${paint(context, "red", shortPath(context, file))}: as it was: ${printable(error.message)}`,
      ...(error.hint === null ? [] : [`  ${printable(error.hint)}`]),
    ]),
    ...(changed.length === 0 ? [] : [paint(context, "dim", `undo all of it with: ownkey adopt undo ${id}`)]),
  ].join("\n");
}

const EXPOSED: Readonly<Record<FoundKey["exposed"][number], string>> = {
  git: "a git repository holds it",
  synced: "it was in settings that are copied to other machines",
  published: "it was in a package",
  readable: "other users of this machine could read it",
};

/** Taken out of a file, such a key is still known to others. */
export function exposedText(context: CliContext, items: readonly Stored[]): string[] {
  const exposed = items.filter(({ candidate, name }) => candidate.exposed.length > 0 && name !== null);
  if (exposed.length === 0) return [];
  return [
    paint(context, "yellow", "Others may know these keys; have them replaced at their provider:"),
    ...exposed.map(({ candidate, connection, name, keysUrl }) => {
      const why = candidate.exposed.map((place) => EXPOSED[place]).join("; ");
      const at = keysUrl === null ? "" : ` at ${keysUrl}`;
      return `  ${connection}/${name}: ${why}\n      → make a new one${at}, store it with ownkey keys replace ${connection}/${name}, delete the old one there`;
    }),
  ];
}

function placeText(
  context: CliContext,
  { path, line }: { readonly path: string; readonly line: number },
): string {
  return printable(`${shortPath(context, path)}${line > 0 ? `:${line}` : ""}`);
}
