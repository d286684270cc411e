/** A home full of keys, with Ownkey on it and every provider on loopback. */
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { openBytes } from "../../src/tools/index.ts";
import { filesBelow } from "./canary.ts";
import { everyProvider } from "./every-provider.ts";
import { newKey } from "./keys.ts";
import { OwnkeyHome } from "./ownkey.ts";
import { PlantedHome } from "./planted-home.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export interface AdoptDocument {
  readonly outcome: string;
  readonly keys: readonly { readonly masked: string; readonly exposed: readonly string[] }[];
  readonly notTaken: readonly { readonly hint: string }[];
  readonly stored: readonly {
    readonly outcome: string;
    readonly verdict: string;
    readonly message: string | null;
  }[];
  readonly plans: readonly { readonly file: string; readonly places: readonly { readonly way: string }[] }[];
  readonly files: readonly {
    readonly file: string;
    readonly outcome: string;
    readonly error: object | null;
  }[];
  readonly id: string | null;
  readonly recoveryCode: string | null;
}

/** Of the providers whose keys are planted: connections to the double are there before. */
const PROVIDERS = ["openai", "anthropic", "google", "groq", "openrouter", "xai", "mistral"] as const;

export class AdoptHome extends OwnkeyHome {
  readonly planted: PlantedHome;
  readonly #upstream: Upstream;
  readonly #known: Set<string>;
  /** How many keys were stored before any was taken in. */
  readonly ownKeys = PROVIDERS.length;

  /** With connections to the double, so that found keys are asked about there, and `ownkey up` running. */
  static async begin(): Promise<AdoptHome> {
    const known = new Set<string>();
    const upstream = await startUpstream(everyProvider((key) => known.has(key)));
    const home = new AdoptHome(upstream, known);
    await home.up();
    for (const provider of PROVIDERS) {
      const key = newKey.openai();
      known.add(key);
      await home.addKey(provider, key, "--base-url", upstream.url, "--keep", "--name", "own");
    }
    return home;
  }

  private constructor(upstream: Upstream, known: Set<string>) {
    super();
    this.#known = known;
    this.#upstream = upstream;
    this.planted = new PlantedHome(this.folder, { azureEndpoint: upstream.url });
    for (const { key } of this.planted.planted) known.add(key);
  }

  /** Where keys of the providers that are there go. */
  get upstreamUrl(): string {
    return this.#upstream.url;
  }

  /** The double takes it from now on. */
  knownKey(key: string): string {
    this.#known.add(key);
    return key;
  }

  override async remove(): Promise<void> {
    await super.remove();
    await this.#upstream.close();
  }

  /** Every file outside of Ownkey's own home, with its mode and a digest of its bytes. */
  snapshot(): Map<string, string> {
    return new Map(
      this.#files().map((path) => {
        const mode = (lstatSync(path).mode & 0o777).toString(8);
        return [relative(this.folder, path), `${mode} ${Bun.SHA256.hash(readFileSync(path), "hex")}`];
      }),
    );
  }

  /** Names of files that are not what they were. */
  changedSince(before: ReadonlyMap<string, string>): string[] {
    const now = this.snapshot();
    return [...new Set([...before.keys(), ...now.keys()])]
      .filter((path) => before.get(path) !== now.get(path))
      .toSorted();
  }

  /** Where planted keys stand in plain text or base64, in files and in databases. */
  plainKeys(): string[] {
    // The installed executable is no file of the user's.
    return this.#keysIn(this.#files().filter((path) => statSync(path).size < 10_000_000));
  }

  /** The same in every file of a folder. */
  plainKeysIn(folder: string): string[] {
    return this.#keysIn(filesBelow(folder).map((path) => join(folder, path)));
  }

  #keysIn(files: readonly string[]): string[] {
    const found = files.flatMap((path) => {
      const bytes = readFileSync(path);
      const texts = path.endsWith("db")
        ? [bytes.toString("latin1"), rowsOf(path)]
        : [bytes.toString("latin1")];
      return this.planted.planted
        .filter(({ key }) => formsOf(key).some((form) => texts.some((text) => text.includes(form))))
        .map(({ key }) => `${relative(this.folder, path)} …${key.slice(-4)}`);
    });
    return [...new Set(found)];
  }

  #files(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.startsWith(`${this.home}/`));
  }
}

function formsOf(key: string): string[] {
  const bytes = Buffer.from(key);
  // What base64 makes of it depends on what stands before it: the inner letters for each of the three places.
  const encoded = [0, 1, 2].map((lead) =>
    Buffer.concat([Buffer.alloc(lead), bytes])
      .toString("base64")
      .slice(lead === 0 ? 0 : 4, -4),
  );
  return [key, encodeURIComponent(key), ...encoded];
}

function rowsOf(path: string): string {
  const database = openBytes(readFileSync(path));
  try {
    const tables = database
      .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type='table'")
      .all();
    return tables
      .map(({ name }) => JSON.stringify(database.query(`SELECT * FROM "${name}"`).values()))
      .join("\n");
  } catch {
    return "";
  } finally {
    database.close();
  }
}
