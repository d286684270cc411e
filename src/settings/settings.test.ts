import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppError } from "../kernel/index.ts";
import type { SettingDeclaration } from "./declaration.ts";
import { readSettingsFile, settingsPath, unknownNames, writeSettingsFile } from "./file.ts";
import { declarationOf, SETTINGS } from "./table.ts";
import { checkSetting, parseSetting } from "./value.ts";

const home = mkdtempSync(join(tmpdir(), "ownkey-settings-"));
const path = settingsPath(home);
beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const write = (text: string) => writeFileSync(path, text, { mode: 0o600 });

function errorOf(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    return error as AppError;
  }
  throw new Error("nothing was thrown");
}

describe("every setting", () => {
  test.each(SETTINGS.map((one): [string, SettingDeclaration] => [one.name, one]))(
    "%s",
    (_name, declaration) => {
      if (declaration.default !== null) {
        expect(checkSetting(declaration, declaration.default, "the table")).toEqual(declaration.default);
      }
      expect(declaration.help).toMatch(/\.$|…$/);
      expect(declaration.variable ?? "OWNKEY_").toMatch(/^OWNKEY_[A-Z_]*$/);
      for (const wrong of [Number.NaN, {}, null, [1], undefined]) {
        expect(errorOf(() => checkSetting(declaration, wrong, "the test"))).toMatchObject({
          code: "invalid_input",
          message: expect.stringContaining(`"${declaration.name}"`),
        });
      }
    },
  );
});

describe("a value is read from a text by its type", () => {
  test.each([
    ["port", "8899", 8899],
    ["insecureHttp", "true", true],
    ["insecureHttp", "false", false],
    ["allowHosts", "a.example, b.example,", ["a.example", "b.example"]],
    ["allowHosts", "", []],
    [
      "allowHosts",
      "keys_1,A.example:8443,[fd00::1],10.0.0.5",
      ["keys_1", "A.example:8443", "[fd00::1]", "10.0.0.5"],
    ],
    ["log", "debug", "debug"],
    ["publicUrl", "https://keys.example/x", "https://keys.example/x"],
    ["host", "::1", "::1"],
    ["outboundProxy", "http://proxy.example:3128", "http://proxy.example:3128"],
    ["notifyWebhook", "https://alerts.example/x?y", "https://alerts.example/x?y"],
    ["notifyWebhook", "http://localhost:9000/x", "http://localhost:9000/x"],
    ["notifyWebhook", "http://127.0.0.1:9000", "http://127.0.0.1:9000"],
    ["notifyWebhook", "http://[::1]:9000", "http://[::1]:9000"],
  ])("%s = %p", (name, text, value) => {
    expect(parseSetting(declarationOf(name), text, "the test")).toEqual(value);
  });

  test.each([
    ["port", "65536", "from 0 to 65535"],
    ["port", "-1", "whole number"],
    ["port", "80.5", "whole number"],
    ["port", "1e3", "whole number"],
    ["port", "", "whole number"],
    ["insecureHttp", "yes", "true or false"],
    ["log", "loud", "one of debug, info, warn, error, silent"],
    ["allowHosts", "https://keys.example", "names such as gateway.example"],
    ["allowHosts", "keys.example/v1", "names such as gateway.example"],
    ["allowHosts", "a b", "names such as gateway.example"],
    ["publicUrl", "keys.example", "URL"],
    ["publicUrl", "file:///etc", "URL"],
    ["host", "", "not empty"],
    ["publicUrl", "https://ada@keys.example", "without user name and password"],
    ["outboundProxy", "http://ada:word@proxy.example:3128", "without user name and password"],
    ["notifyWebhook", "https://ada:word@alerts.example", "without user name and password"],
    ["notifyWebhook", "https://:word@alerts.example", "without user name and password"],
    ["notifyWebhook", "http://ada@localhost:9000", "without user name and password"],
    ["notifyWebhook", "http://alerts.example/x", "an https URL, or an http one of this machine"],
    ["notifyWebhook", "http://192.168.1.5/x", "an https URL, or an http one of this machine"],
    ["notifyWebhook", "http://localhost.example/x", "an https URL, or an http one of this machine"],
  ])("%s = %p is refused, saying what is allowed", (name, text, allowed) => {
    const { code, message, hint } = errorOf(() => parseSetting(declarationOf(name), text, "the variable X"));
    expect(code).toBe("invalid_input");
    expect(message).toContain(allowed);
    expect(message).toContain("the variable X");
    expect(hint).toContain("the variable X");
  });
});

describe("the file", () => {
  test("may have comments and trailing commas, be empty or not be there", () => {
    expect(readSettingsFile(home)).toEqual({});
    write("");
    expect(readSettingsFile(home)).toEqual({});
    write(`// mine\n{ "port": 1, /* why */ "allowHosts": ["a",], }\n`);
    expect(readSettingsFile(home)).toEqual({ port: 1, allowHosts: ["a"] });
  });

  test.each([
    [`{\n  "port": 1\n  "host": "x"\n}`, "comma expected at line 3, column 3"],
    [`{ "port": `, "value expected at line 1, column"],
    ["[1]", "one object"],
  ])("that is broken is named with the place: %p", (text, place) => {
    write(text);
    const error = errorOf(() => readSettingsFile(home));
    expect(error.code).toBe("invalid_input");
    expect(error.message).toContain(path);
    expect(error.message).toContain(place);
    // Nothing is written over it either.
    expect(errorOf(() => writeSettingsFile(home, "port", "1")).code).toBe("invalid_input");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that others can read is refused", () => {
    write("{}");
    chmodSync(path, 0o644);
    expect(errorOf(() => readSettingsFile(home)).code).toBe("insecure_permissions");
  });

  test("never makes the parser throw anything but its own error", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        write(text);
        try {
          expect(typeof readSettingsFile(home)).toBe("object");
        } catch (error) {
          expect((error as AppError).code).toBe("invalid_input");
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("writing one setting", () => {
  test("keeps comments, order and what else is there", () => {
    write(`{\n  // the office\n  "host": "127.0.0.1", // loopback\n  "port": 1\n}\n`);
    expect(writeSettingsFile(home, "port", "8899")).toBe(8899);
    expect(writeSettingsFile(home, "allowHosts", "a,b")).toEqual(["a", "b"]);
    const text = readFileSync(path, "utf8");
    expect(text).toStartWith(`{\n  // the office\n  "host": "127.0.0.1", // loopback\n  "port": 8899`);
    expect(readSettingsFile(home)).toEqual({ host: "127.0.0.1", port: 8899, allowHosts: ["a", "b"] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("makes the file, and takes a setting out again", () => {
    expect(writeSettingsFile(home, "insecureHttp", "true")).toBe(true);
    expect(readSettingsFile(home)).toEqual({ insecureHttp: true });
    expect(writeSettingsFile(home, "insecureHttp", undefined)).toBeUndefined();
    expect(readSettingsFile(home)).toEqual({});
  });

  test("is read with the same rules as it is written", () => {
    write(`{ "notifyWebhook": "http://alerts.example" }`);
    const { notifyWebhook } = readSettingsFile(home);
    expect(errorOf(() => checkSetting(declarationOf("notifyWebhook"), notifyWebhook, path)).hint).toContain(
      path,
    );
  });

  test("takes out what is no setting and mends what has a wrong value", () => {
    write(`{ "prot": 1, "port": "x" }`);
    expect(unknownNames(readSettingsFile(home))).toEqual(["prot"]);
    writeSettingsFile(home, "prot", undefined);
    writeSettingsFile(home, "port", "2");
    expect(readSettingsFile(home)).toEqual({ port: 2 });
  });

  test("refuses unknown names, wrong values, and what may hold a password", () => {
    expect(errorOf(() => writeSettingsFile(home, "prot", "1")).code).toBe("not_found");
    expect(errorOf(() => writeSettingsFile(home, "prot", undefined)).code).toBe("not_found");
    expect(errorOf(() => writeSettingsFile(home, "port", "x")).code).toBe("invalid_input");
    const secret = errorOf(() => writeSettingsFile(home, "databaseUrl", "postgres://u:p@h/d"));
    expect(secret.hint).toContain("OWNKEY_DATABASE_URL");
    expect(secret.message).not.toContain("u:p");
    const webhook = errorOf(() => writeSettingsFile(home, "notifyWebhook", "https://u:p@h/x"));
    expect(`${webhook.message} ${webhook.hint}`).not.toContain("u:p");
    expect(existsSync(path)).toBeFalse();
  });
});
