import { AppError } from "../kernel/index.ts";
import { readAzureEndpoint } from "./azure/endpoint.ts";
import { type ParsedBaseUrl, parseBaseUrl, refuse } from "./base-url.ts";
import type { ConnectionSettings, Provider, ProviderId } from "./provider.ts";

/** Where and how to reach a provider, as a user writes it. */
export interface SettingsInput {
  /** With or without its version segment; Azure's endpoint. */
  readonly baseUrl?: string;
  readonly adminBaseUrl?: string;
  readonly organization?: string;
  readonly project?: string;
  readonly region?: string;
  /** Azure: `NAME` or `NAME=MODEL` each. */
  readonly deployments?: readonly string[];
  readonly apiVersion?: string;
  readonly model?: string;
  readonly allowPrivate?: boolean;
  readonly insecureHttp?: boolean;
}

export interface NormalisedSettings {
  readonly settings: ConnectionSettings;
  /** What was mended, for the user to read. */
  readonly notes: readonly string[];
}

/**
 * Checks and mends what the user gave. The result is in one form, so that equal connections have equal settings.
 * @throws AppError `invalid_input` naming the option.
 */
export function normaliseSettings(provider: Provider, input: SettingsInput): NormalisedSettings {
  const azureOnly = provider.id === "azure" ? undefined : (input.deployments?.[0] ?? input.apiVersion);
  if (azureOnly) {
    throw new AppError(
      "invalid_input",
      `--deployment and --api-version belong to Azure, not to ${provider.title}`,
    );
  }
  const base = readBase(provider, input);
  const deployments = { ...base.deployments, ...readDeployments(input.deployments ?? []) };
  const apiVersion = checked("--api-version", /^[0-9A-Za-z.-]{1,40}$/, input.apiVersion) ?? base.apiVersion;
  const admin = input.adminBaseUrl === undefined ? undefined : parseAdmin(input);
  const settings: ConnectionSettings = {
    baseUrl: base.baseUrl,
    ...given("adminBaseUrl", admin && `${admin.origin}${admin.path.replace(/\/v1$/, "")}`),
    ...given("organization", checked("--organization", HEADER_VALUE, input.organization)),
    ...given("project", checked("--project", HEADER_VALUE, input.project)),
    ...given("region", checked("--region", /^[A-Za-z0-9-]{1,40}$/, input.region)),
    ...(Object.keys(deployments).length > 0 ? { deployments } : {}),
    ...given("apiVersion", apiVersion),
    ...given("versionPath", base.versionPath),
    ...given("model", checked("--model", /^[^\s\p{Cc}]{1,200}$/u, input.model)),
    ...(input.allowPrivate ? { allowPrivate: true } : {}),
    ...(input.insecureHttp ? { insecureHttp: true } : {}),
  };
  return { settings, notes: [...base.notes, ...(admin?.notes ?? [])] };
}

interface Base {
  readonly baseUrl: string;
  readonly versionPath?: string;
  readonly deployments?: Readonly<Record<string, string>>;
  readonly apiVersion?: string;
  readonly notes: readonly string[];
}

function readBase(provider: Provider, input: SettingsInput): Base {
  const option = provider.id === "azure" ? "--endpoint" : "--base-url";
  const text = input.baseUrl ?? regional(provider, input.region) ?? provider.defaultBaseUrl;
  if (text === undefined || text.trim() === "") {
    throw refuse({ option }, `is needed for ${provider.title}`, `add: ${option} https://…`);
  }
  const parsed = parseBaseUrl(text, { option, insecureHttp: input.insecureHttp ?? false });
  if (provider.id === "azure") return readAzure(parsed, option);
  if (parsed.query.size > 0) throw refuse({ option }, "holds a query (?…)", "leave it out");
  return { ...splitVersion(provider, parsed), notes: parsed.notes };
}

function regional(provider: Provider, region: string | undefined): string | undefined {
  if (!region || !provider.regionalBaseUrls) return undefined;
  const known = provider.regionalBaseUrls;
  if (Object.hasOwn(known, region)) return known[region];
  throw new AppError("invalid_input", `--region is none of ${provider.title}'s regions`, {
    hint: `use one of: ${Object.keys(known).join(", ")}; or give --base-url`,
  });
}

function readAzure(parsed: ParsedBaseUrl, option: string): Base {
  const strange = [...parsed.query.keys()].some((name) => name !== "api-version");
  if (strange) throw refuse({ option }, "holds a query (?…)", "leave it out");
  const { deployment, notes, ...endpoint } = readAzureEndpoint(parsed, option);
  return {
    ...endpoint,
    ...(deployment === undefined ? {} : { deployments: readDeployments([deployment]) }),
    notes: [...parsed.notes, ...notes],
  };
}

/** Version segments that stand behind a base URL and are put there again per request. */
const VERSIONS: Readonly<Record<Exclude<ProviderId, "azure" | "openai-compatible">, RegExp>> = {
  openai: /\/v1$/,
  anthropic: /\/v1$/,
  google: /\/v1(?:alpha|beta)?(?:\/openai)?$/,
};

function splitVersion(
  provider: Provider,
  { origin, path }: ParsedBaseUrl,
): Pick<Base, "baseUrl" | "versionPath"> {
  const { id } = provider;
  if (id === "openai-compatible") return splitAnyVersion(origin, path);
  return { baseUrl: origin + (id === "azure" ? path : path.replace(VERSIONS[id], "")) };
}

/**
 * Compatible servers: `/v1` may be left out, another version at the end stands for it, and a path with a version
 * further up (`/v1beta/openai`) is taken as complete.
 */
function splitAnyVersion(origin: string, path: string): Pick<Base, "baseUrl" | "versionPath"> {
  const last = /\/v\d+[a-z0-9]*$/.exec(path)?.[0];
  if (last !== undefined) {
    const baseUrl = origin + path.slice(0, -last.length);
    return last === "/v1" ? { baseUrl } : { baseUrl, versionPath: last };
  }
  const complete = /\/v\d+[a-z0-9]*\//.test(path);
  return complete ? { baseUrl: origin + path, versionPath: "" } : { baseUrl: origin + path };
}

function parseAdmin(input: SettingsInput): ParsedBaseUrl {
  const option = "--admin-base-url";
  const parsed = parseBaseUrl(input.adminBaseUrl ?? "", {
    option,
    insecureHttp: input.insecureHttp ?? false,
  });
  if (parsed.query.size > 0) throw refuse({ option }, "holds a query (?…)", "leave it out");
  return parsed;
}

const DEPLOYMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function readDeployments(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    items.map((item) => {
      const [name = "", ...model] = item.split("=");
      if (!DEPLOYMENT.test(name)) {
        throw new AppError(
          "invalid_input",
          `--deployment names a deployment of ${name.length} characters that cannot exist`,
          {
            hint: "write NAME or NAME=MODEL, with the name as the portal shows it",
          },
        );
      }
      return [name, checked("--deployment", /^[^\s\p{Cc}]{0,200}$/u, model.join("=")) ?? ""];
    }),
  );
}

/** What a header may hold: printable ASCII, nothing that could end the line. */
const HEADER_VALUE = /^[\x21-\x7e]{1,200}$/;

/** An empty text is as good as none. */
function checked(option: string, pattern: RegExp, value: string | undefined): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (pattern.test(value)) return value;
  throw new AppError(
    "invalid_input",
    `${option} has ${value.length} characters that cannot be such a value`,
    {
      hint: "see: ownkey connections set --help",
    },
  );
}

function given<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}
