import { type Provider, PROVIDERS } from "../../src/providers/index.ts";
import { code, document, heading, table } from "./markdown.ts";

const INTRODUCTION = `
\`ownkey keys add NAME\` takes these names. The presets are openai-compatible connections with their base URL, key
formats and test call filled in. \`--base-url\` puts another address in place of the default one.`;

const ROUTES_INTRODUCTION = `
## Routes

What a virtual key reaches without further ado. \`:x\` is one segment, \`:x*\` one or more. Other paths need \`--paths\` on
the virtual key. "Stores" marks objects that only the virtual key that made them sees; "free" routes cost nothing and
are not metered.`;

const DENIED_INTRODUCTION = `
## Never carried

Routes that mint credentials or administer an account, whatever a virtual key allows. Letters are compared without
regard to case; \`/…\` stands for everything below as well.`;

export function providerReference(): string {
  const own = PROVIDERS.filter(({ preset }) => preset === null);
  return document(
    heading("Providers"),
    INTRODUCTION,
    table(["Name", "", "Also", "Base URL", "Variables"], PROVIDERS.map(providerRow)),
    ROUTES_INTRODUCTION,
    ...own.map(routeSection),
    DENIED_INTRODUCTION,
    ...own.map(deniedSection),
  );
}

function providerRow(provider: Provider): string[] {
  return [
    code(provider.preset ?? provider.id),
    provider.title,
    provider.aliases.map(code).join(", "),
    provider.defaultBaseUrl === undefined ? "to be given" : code(provider.defaultBaseUrl),
    provider.keyVariables.map(code).join(", "),
  ];
}

function routeSection({ title, id, routes }: Provider): string {
  const rows = routes.map(({ method, path, kind, free, stores, maxBodyBytes }) => [
    code(`${method} ${path}`),
    kind.replaceAll("_", " "),
    free ? "free" : "",
    (stores ?? "").replaceAll("_", " "),
    maxBodyBytes === 0 ? "" : sizeText(maxBodyBytes),
  ]);
  return document(`### ${title} (\`${id}\`)`, table(["Route", "Kind", "", "Stores", "Largest body"], rows));
}

function deniedSection({ title, denied }: Provider): string {
  // A subtree stands twice in the data: the path, and everything below it.
  const below = "/:rest*";
  const paths = denied
    .filter((path) => !path.endsWith(below))
    .map((path) => (denied.includes(path + below) ? `${path}/…` : path));
  return document(`### ${title}`, paths.map(code).join(" "));
}

function sizeText(sizeBytes: number): string {
  const kib = sizeBytes / 1024;
  return kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`;
}
