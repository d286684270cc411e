import { z } from "zod";
import type { ConnectionSettings, SettingsInput } from "../providers/index.ts";

const text = z.string().max(2000).optional();

/** A connection's settings as a user gives them. */
export const settingsFields = {
  baseUrl: text.describe("with or without its version segment"),
  endpoint: text.describe("Azure: the resource's endpoint; the same as baseUrl"),
  deployments: z.array(z.string().max(200)).max(200).optional().describe("Azure: NAME or NAME=MODEL"),
  apiVersion: text,
  model: text,
  organization: text,
  project: text,
  region: text,
  allowPrivate: z.boolean().optional(),
  insecureHttp: z.boolean().optional(),
};

type SettingsFields = {
  [Name in keyof typeof settingsFields]?: z.output<(typeof settingsFields)[Name]> | undefined;
};

const NAMES = [
  "deployments",
  "apiVersion",
  "model",
  "organization",
  "project",
  "region",
  "allowPrivate",
  "insecureHttp",
] as const;

/** Only what was given; an empty text takes a setting away. */
export function settingsInputOf({ endpoint, baseUrl, ...fields }: SettingsFields): SettingsInput {
  const url = endpoint ?? baseUrl;
  const present = NAMES.flatMap((name) =>
    fields[name] === undefined ? [] : [[name, fields[name]] as const],
  );
  return { ...(url === undefined ? {} : { baseUrl: url }), ...Object.fromEntries(present) };
}

/** Stored settings in the form that they can be given again. */
export function inputOfSettings(settings: ConnectionSettings): SettingsInput {
  const { deployments, baseUrl, versionPath, ...rest } = settings;
  const list = Object.entries(deployments ?? {}).map(([name, model]) =>
    model === "" ? name : `${name}=${model}`,
  );
  return {
    ...rest,
    baseUrl: `${baseUrl}${versionPath ?? ""}`,
    ...(list.length > 0 ? { deployments: list } : {}),
  };
}
