import { AppError, isLoopback } from "../kernel/index.ts";
import type { SettingDeclaration, SettingValue } from "./declaration.ts";

/**
 * A setting's value from a text, as a variable or a command line holds it; lists are separated by commas.
 * @param place where it stands, for the message: `the variable OWNKEY_PORT`.
 * @throws AppError `invalid_input` naming setting, place and what is allowed, never the value.
 */
export function parseSetting(declaration: SettingDeclaration, text: string, place: string): SettingValue {
  return checkSetting(declaration, valueIn(declaration, text), place);
}

/** The value, if the setting may have it. @throws AppError as {@link parseSetting}. */
export function checkSetting(declaration: SettingDeclaration, value: unknown, place: string): SettingValue {
  if (fits(declaration, value)) return value;
  throw new AppError(
    "invalid_input",
    `the setting "${declaration.name}" must be ${wanted(declaration)}; in ${place} it is not`,
    { hint: `correct it in ${place}` },
  );
}

function valueIn({ type }: SettingDeclaration, text: string): SettingValue {
  switch (type) {
    case "integer":
      return /^-?\d{1,9}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
    case "string":
    case "url":
    case "choice":
      return text;
  }
}

function fits(declaration: SettingDeclaration, value: unknown): value is SettingValue {
  switch (declaration.type) {
    case "integer":
      return (
        Number.isInteger(value) &&
        Number(value) >= (declaration.minimum ?? -Infinity) &&
        Number(value) <= (declaration.maximum ?? Infinity)
      );
    case "boolean":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value) && value.every((one) => isItemFor(declaration, one));
    case "choice":
      return typeof value === "string" && (declaration.choices ?? []).includes(value);
    case "url":
      return typeof value === "string" && isUrlFor(declaration, URL.parse(value));
    case "string":
      return typeof value === "string" && value !== "";
  }
}

function isItemFor({ ofHosts }: SettingDeclaration, item: unknown): boolean {
  return typeof item === "string" && (ofHosts === true ? HOST.test(item) : item !== "");
}

const HOST = /^(?:[\w](?:[\w.-]*\w)?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Settings are shown, and what is shown holds no password. */
function isUrlFor({ tlsBeyondLoopback }: SettingDeclaration, url: URL | null): boolean {
  if (!url || url.username !== "" || url.password !== "") return false;
  if (url.protocol === "http:") return tlsBeyondLoopback !== true || isLoopback(url.hostname);
  return url.protocol === "https:";
}

function wanted({ type, choices, minimum, maximum, ofHosts, tlsBeyondLoopback }: SettingDeclaration): string {
  switch (type) {
    case "integer":
      return `a whole number from ${minimum ?? "-∞"} to ${maximum ?? "∞"}`;
    case "boolean":
      return "true or false";
    case "list":
      return ofHosts ? "a list of names such as gateway.example or gateway.example:8443" : "a list of texts";
    case "choice":
      return `one of ${(choices ?? []).join(", ")}`;
    case "url":
      return tlsBeyondLoopback
        ? "an https URL, or an http one of this machine, without user name and password"
        : "an http or https URL without user name and password";
    case "string":
      return "a text that is not empty";
  }
}
