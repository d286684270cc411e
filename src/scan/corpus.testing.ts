/**
 * The project's own labelled corpus: files as people have them, with secrets of every format put into them, and files
 * full of what only looks like secrets. Made anew at run time, the same for the same seed.
 */
import { BASE36, BASE62, BASE64, BASE64URL, HEX, sample } from "./rules/sample.ts";
import { RULES } from "./rules.ts";

export interface CorpusFile {
  readonly path: string;
  readonly content: string;
  /** Rule ids of what is in it; empty for a hard negative. */
  readonly holds: readonly string[];
}

/** Files with one secret each: each sample of each rule among ordinary text. */
export function positives(): CorpusFile[] {
  return RULES.flatMap(({ id, findsIn }) =>
    findsIn().map((text, at) => ({
      path: `positive/${id}/${at}.txt`,
      content: amongText(text, at),
      holds: [id],
    })),
  );
}

/** What the provider facts and field reports call hard to tell from secrets. */
export function hardNegatives(seeds = 12): CorpusFile[] {
  return Array.from({ length: seeds }, (_, at) => at + 1).flatMap((seed) =>
    Object.entries(NEGATIVES).map(([name, make]) => {
      const [path, content] = make(seed);
      return { path: `negative/${seed}/${path ?? name}`, content, holds: [] };
    }),
  );
}

export interface Quality {
  readonly precision: number;
  readonly recall: number;
  /** `path: rule` of what was named wrongly, and of what was missed. */
  readonly wrong: readonly string[];
  readonly missed: readonly string[];
}

/** @param find the ids of the rules that find something in a file */
export function measure(
  files: readonly CorpusFile[],
  find: (file: CorpusFile) => readonly string[],
): Quality {
  const wrong: string[] = [];
  const missed: string[] = [];
  let right = 0;
  for (const file of files) {
    const found = new Set(find(file));
    for (const id of found) if (!file.holds.includes(id)) wrong.push(`${file.path}: ${id}`);
    for (const id of file.holds) {
      if (found.has(id)) right++;
      else missed.push(`${file.path}: ${id}`);
    }
  }
  return {
    precision: right / Math.max(1, right + wrong.length),
    recall: right / Math.max(1, right + missed.length),
    wrong,
    missed,
  };
}

/** Random values in place of fixed samples: what one unlucky value in a hundred would hide shows in the share. */
export function randomNamedValues(count: number): CorpusFile[] {
  const alphabets = [BASE62, BASE36, HEX, BASE64URL.slice(0, 62)];
  return Array.from({ length: count }, (_, at) => {
    const value = sample(32 + (at % 3) * 8, alphabets[at % alphabets.length], at + 100);
    return {
      path: `random/${at}.env`,
      content: `# ${at}\nMISTRAL_API_KEY=${value}\n`,
      holds: ["provider-variable"],
    };
  });
}

function amongText(text: string, at: number): string {
  const lines = [
    "# Notes of the release",
    "const total = items.reduce((sum, item) => sum + item.price, 0);",
    "",
    "x: 1",
  ];
  return `${lines.slice(at % 4).join("\n")}\n${text}\n${lines.slice(0, at % 4).join("\n")}\n`;
}

/** Name → path (or `undefined` for the name) and content, by seed. */
const NEGATIVES: Readonly<Record<string, (seed: number) => readonly [string | undefined, string]>> = {
  "uuid.json": (seed) => [undefined, `{"apiKey": "${uuid(seed)}", "token": "${uuid(seed + 50)}"}`],
  "git.log": (seed) => [undefined, `commit ${hex(40, seed)}\nMerge: ${hex(7, seed)} ${hex(7, seed + 1)}\n`],
  "checksums.txt": (seed) => [
    undefined,
    `${hex(64, seed)}  key-release.tar.gz\nMD5 (secret.iso) = ${hex(32, seed)}\n`,
  ],
  "package-lock.json": (seed) => [
    undefined,
    `{"node_modules/api-key": {"integrity": "sha512-${sample(86, BASE64, seed)}==", "${"resolved"}": "https://r.example/key-${hex(40, seed)}.tgz"}}`,
  ],
  "integrity.html": (seed) => [
    undefined,
    `<script integrity="sha384-${sample(64, BASE64, seed)}" src="a.js"></script>`,
  ],
  "app.min.js": (seed) => [
    undefined,
    `var key="${sample(48, BASE62, seed)}",apiKey="${sample(40, BASE62, seed)}";`,
  ],
  "bundle.js": (seed) => [
    undefined,
    `${"a(b,c);".repeat(400)}apiKey:"${sample(40, BASE62, seed)}",token="${sample(40)}"`,
  ],
  "a.js.map": (seed) => [
    undefined,
    `{"mappings":"${sample(3000, BASE64, seed)}","apiKey":"${sample(40, BASE62, seed)}"}`,
  ],
  "image.css": (seed) => [
    undefined,
    `a{background:url(data:image/png;base64,${sample(4000, BASE64, seed)})}`,
  ],
  ".env.example": () => [
    undefined,
    [
      "OPENAI_API_KEY=sk-your-api-key-here-replace-me",
      "ANTHROPIC_API_KEY=sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      "GEMINI_API_KEY=<your-gemini-api-key>",
      "MISTRAL_API_KEY=changeme-changeme-changeme",
      `AZURE_OPENAI_API_KEY=${"0".repeat(32)}`,
      "GROQ_API_KEY=gsk_...",
      "API_KEY=${OPENAI_API_KEY_FROM_VAULT2}",
      "SECRET_KEY=insert-your-own-secret-key-1234",
    ].join("\n"),
  ],
  "references.yaml": () => [
    undefined,
    [
      'apiKey: "${{ secrets.OPENAI_API_KEY_2026 }}"',
      "apiKey: ${env:OPENAI_API_KEY_NUMBER_2}",
      "apiKey: ${input:chat.lm.secret.0a1b2c3d4e5f}",
      "api_key_name: cmd:ownkey-token-avante-2",
      "apiKeyHelper: ownkey token claude-code",
      "apiKey: {file:~/.config/ownkey/vk-opencode-1}",
      "api_key: op://vault/item-2026-01-02/credential",
    ].join("\n"),
  ],
  "code.ts": () => [
    undefined,
    [
      "const apiKey = process.env.OPENAI_API_KEY_V2 ?? readKeyFromKeychain2(name);",
      "const accessToken = await this.getAccessTokenFromTheServer2();",
      "headers: { Authorization: `Bearer ${this.accessTokenOfUser2}` },",
      "export const secretKeyNamesByProvider2026 = new Map<string, string>();",
      "this.apiKey = options.apiKey || defaultApiKeyForEnvironment1;",
      "function askForApiKeyUntilItIsGiven2(input: ReadableStream) {}",
      'const tokenEndpoint = "https://login.example/oauth2/v2.0/token";',
      "public static final String API_KEY_PARAMETER_NAME_V3;",
    ].join("\n"),
  ],
  "ids.json": (seed) => [
    undefined,
    `{"request_id":"req_${hex(32, seed)}","key_id":"key_${sample(24, BASE62, seed)}","org":"org-${sample(24, BASE62, seed)}","traceparent":"00-${hex(32, seed)}-${hex(16, seed)}-01"}`,
  ],
  "digest.yml": (seed) => [
    undefined,
    `image: ghcr.io/x/y@sha256:${hex(64, seed)}\netag: "${hex(32, seed)}"\n`,
  ],
  "public.pem": (seed) => [
    undefined,
    `-----BEGIN PUBLIC KEY-----\n${sample(64, BASE64, seed)}\n-----END PUBLIC KEY-----\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${sample(44, BASE64, seed)} ada@host\nage1${sample(58, "qpzry9x8gf2tvdw0s3jn54khce6mua7l", seed)}`,
  ],
  "certificate.pem": (seed) => [
    undefined,
    `-----BEGIN CERTIFICATE-----\n${[1, 2, 3].map((at) => sample(64, BASE64, seed + at)).join("\n")}\n-----END CERTIFICATE-----`,
  ],
  "encrypted.pem": (seed) => [
    undefined,
    `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${sample(64, BASE64, seed)}\n-----END ENCRYPTED PRIVATE KEY-----`,
  ],
  "masked.log": (seed) => [
    undefined,
    `Incorrect API key provided: sk-proj-${"*".repeat(40)}${sample(4, BASE62, seed)}. key sk-ant-api03-${sample(20, BASE62, seed)}...${sample(4)}\nusing gsk_…${sample(4)}`,
  ],
  "words.md": () => [
    undefined,
    "task-management-for-distributed-systems-2024 disk-usage-report-generator-v2 sk-learn-contrib-lightning-2.0 " +
      "risk-assessment-and-mitigation-planning-2025 AKIAIOSFODNN7EXAMPLE xoxb-your-token-here ghp_yourTokenGoesHere1234567890abcdefghij",
  ],
  "published.md": () => [
    undefined,
    // In two halves: whole ones would be found here by other scanners.
    [
      ["access_token: gho_16C7e42F292c6912E771", "0c838347Ae178B4a"],
      ["110201543:AAHdqTcvCH1vGWJxfS", "eofSAs0K5PALDsaw"],
      ["Authorization: Bot MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.", "ZnCjm1XVW7vRze4b7Cq4se7kKWs"],
      [
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz",
        "4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
      ],
      [
        "AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4",
        "b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
      ],
      ["key sk_test_4eC39HqLyjWDa", "rjtT1zdp7dc"],
      ["key=AIzaSyDaGmWKa4JsXZ-HjG", "w7ISLn_3namBGewQe"],
      ["apiKey: 'AIzaSyDOCAbC123dEf456", "GhI789jKl01-MnO'"],
      ["AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ", "GFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"],
      [
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
      ],
    ]
      .map((halves) => halves.join(""))
      .join("\n"),
  ],
  "versions.txt": () => [
    undefined,
    "claude-sonnet-4-5-20250929 gpt-4o-mini-2024-07-18 gemini-2.5-flash-lite-preview-06-17 us.anthropic.claude-3-5-sonnet-20241022-v2:0",
  ],
  "k8s-config.yaml": (seed) => [
    undefined,
    `data:\n  tls.crt: ${sample(1600, BASE64, seed)}\n  ca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t${sample(800, BASE64, seed + 1)}\n  note: ${Buffer.from("nothing that is secret, but long enough to be looked at, and in base64").toString("base64")}\n`,
  ],
  "fixtures.test.ts": () => [
    undefined,
    [
      'const apiKey = "test-api-key-for-the-unit-tests-1";',
      'process.env.OPENAI_API_KEY ??= "sk-test-key-of-the-test-suite";',
      "const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY || 'not-a-real-key-2026' });",
      'mistral("mistral-large-latest-2026-01"); cohere.chat("command-r-plus-08-2024-tokens");',
      'export MISTRAL_API_KEY="${MISTRAL_API_KEY:-set-it-in-the-shell-1}"',
      'variable "openai_api_key" {\n  default = "set-by-the-pipeline-2026"\n}',
      "machine host.example login ada password correct-horse-battery-staple-1",
    ].join("\n"),
  ],
  "hashes.py": (seed) => [
    undefined,
    `PASSWORD_HASH = "$2b$12$${sample(53, BASE62, seed)}"\ncache_key = "${hex(40, seed)}"\nKEY_SHA256 = "${hex(64, seed)}"\nsort_key="${hex(32, seed)}"`,
  ],
  "notebook.ipynb": (seed) => [
    undefined,
    `{"cells":[{"id":"${hex(8, seed)}","outputs":[{"data":{"image/png":"iVBORw0KGgo${sample(900, BASE64, seed)}"}}],"source":["import os\\n","key = os.environ['OPENAI_API_KEY']\\n"]}]}`,
  ],
};

function hex(length: number, seed: number): string {
  return sample(length, HEX, seed * 7);
}

function uuid(seed: number): string {
  return [8, 4, 4, 4, 12].map((length, at) => hex(length, seed * 5 + at)).join("-");
}
