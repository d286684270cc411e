import { PROVIDERS } from "../../providers/index.ts";
import { isIdentifier, isPlaceholderValue, looksGenerated } from "../plausible.ts";
import type { ContextRule } from "../rule.ts";
import { BASE62, BASE64URL, HEX, sample } from "./sample.ts";

/** Between a name and its value: quotes and brackets, an equals sign or colon, a space, an opening quote. */
const ASSIGNED = String.raw`["'\x60\]\\]{0,4}[ \t]{0,20}(?:(?::=|=>|[:=,(])[ \t]{0,20}(?:\\?["'\x60]){0,2}|(?:\?\?=?|\|\|=?|:[ \t]{0,4}[&\w<>'. ]{1,24}=)[ \t]{0,20}["'\x60])`;
/** Between the name and the value of a pair: in a property list, XML, YAML, JSON, Terraform. */
const PAIRED = String.raw`(?:</key>\s{0,40}<string>|["']?\s{1,40}(?:default|value)[ \t]{0,8}[:=][ \t]{0,8}["']?|["'][ \t]{0,4},\s{0,40}["']value["'][ \t]{0,4}:[ \t]{0,4}["']|["'][ \t]{0,4}\{\s{1,40}default[ \t]{0,12}=[ \t]{0,4}["'])`;
/** What may follow a whole value; a bracket or dot would make it a name in code. */
const VALUE_END = String.raw`(?=["'\x60\\\s,;)&<\]}#|]|$)`;

/** What may follow a value in an address. */
const URL_VALUE_END = String.raw`(?=["'\x60\\\s,;&)<>\]}#|]|$)`;

/** Services whose keys have no mark, besides the providers' own variables. */
const SERVICES =
  "openai|anthropic|claude|gemini|google_ai|mistral|codestral|cohere|together|togetherai|deepseek|fireworks|ai21|voyage|stability|assemblyai|deepgram|azure_ai|moonshot|zhipu|dashscope|minimax|siliconflow|novita|anyscale|deepinfra|lepton|hyperbolic|sambanova|litellm|azure|cursor";

/** Names under which lists of keys hold one for each service. */
const LISTED_SERVICES = [
  "openai",
  "anthropic",
  "mistral",
  "cohere",
  "gemini",
  "google",
  "azure",
  "deepseek",
  "xai",
];

/** Newer Azure keys: 84 characters with a fixed part in the middle. */
const AZURE_SHAPE = { begins: BASE62, shortest: 84 };

/** Keys without a mark of their own: the name in front of them says what they are. */
export const NAMED_VALUE_RULES: readonly ContextRule[] = [
  {
    kind: "context",
    id: "azure-openai-marked",
    title: "Azure OpenAI key",
    severity: "high",
    provider: "azure",
    pattern: /[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}(?![A-Za-z0-9])/y,
    hints: [],
    shape: AZURE_SHAPE,
    before: /(?:^|[^a-z0-9])$/,
    near: azurePlace(),
    everywhere: true,
    fix: "regenerate this slot of the resource's two keys, after switching to the other one",
    findsIn: () => [
      `AZURE_OPENAI_API_KEY=${azureKey(1)}`,
      `endpoint: https://x.openai.azure.com\napi-key: ${azureKey(2)}`,
      `"cursor.azure.apiKey": "${azureKey(3)}"`,
    ],
    findsNothingIn: () => [`AZURE_OPENAI_API_KEY=${sample(84)}`, `AZURE_OPENAI_API_KEY=${azureKey(1)}aa`],
  },
  {
    kind: "context",
    id: "azure-marked",
    title: "Azure key of 84 characters",
    severity: "high",
    pattern: /[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}(?![A-Za-z0-9])/y,
    hints: [],
    shape: AZURE_SHAPE,
    before: /(?:^|[^a-z0-9])$/,
    everywhere: true,
    fix: "regenerate it in the Azure portal, after switching to the resource's other key",
    findsIn: () => [azureKey(1), `k: "${azureKey(2)}"`],
    findsNothingIn: () => [sample(84), `a${azureKey(1)}`],
  },
  {
    kind: "context",
    id: "azure-openai-hex",
    title: "Azure OpenAI key",
    severity: "high",
    provider: "azure",
    pattern: /[0-9a-f]{32}(?![A-Za-z0-9_.+/-])/y,
    hints: ["key", "token"],
    before: new RegExp(`(?:key|token)\\d?${ASSIGNED}$`),
    near: azurePlace(),
    fix: "regenerate this slot of the resource's two keys, after switching to the other one",
    findsIn: () => [
      `AZURE_OPENAI_API_KEY=${sample(32, HEX)}`,
      `AZURE_OPENAI_ENDPOINT=https://x.openai.azure.com\nOPENAI_API_KEY=${sample(32, HEX, 2)}`,
      `curl https://x.openai.azure.com/openai/v1/models -H "api-key: ${sample(32, HEX, 3)}"`,
      `"cursor.azure.apiKey": "${sample(32, HEX, 4)}",`,
      `"azure": {"apiKey": "${sample(32, HEX, 5)}", "endpoint": "https://x.openai.azure.com"}`,
    ],
    findsNothingIn: () => [
      `https://x.openai.azure.com etag: "${sample(32, HEX)}"`,
      `AZURE_OPENAI_API_KEY=${sample(40, HEX)}`,
      `AZURE_OPENAI_API_KEY=${"0".repeat(32)}`,
      sample(32, HEX),
    ],
  },
  {
    kind: "context",
    id: "provider-variable",
    title: "API key of an AI service",
    severity: "high",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: ["key", "token"],
    before: new RegExp(
      `(?:${serviceVariables()}|(?:${SERVICES})[-_.]{0,2}(?:ai[-_.]?)?(?:api[-_.]?)?(?:key|token))\\d?(?:${ASSIGNED}|${PAIRED})$`,
    ),
    accept: isGeneratedValue,
    findsIn: () => [
      `MISTRAL_API_KEY=${sample(32)}`,
      `export COHERE_API_KEY="${sample(40, BASE62, 2)}"`,
      `os.environ["TOGETHER_API_KEY"] = "${sample(64, HEX, 3)}"`,
      `mistral:\n  apiKey: x\nmistral_api_key: '${sample(32, BASE62, 4)}'`,
      `"cursor.openai.apiKey": "${sample(44, BASE62, 5)}"`,
      `"source": ["os.environ[\\"MISTRAL_API_KEY\\"] = \\"${sample(32, BASE62, 6)}\\"\\n"]`,
      `process.env.MISTRAL_API_KEY ??= "${sample(32, BASE62, 7)}";`,
      `const key = process.env.MISTRAL_API_KEY || '${sample(32, BASE62, 8)}';`,
      `MISTRAL_API_KEY: str = "${sample(32, BASE62, 9)}"`,
      `- name: MISTRAL_API_KEY\n  value: ${sample(32, BASE62, 10)}\n`,
      `{"name": "MISTRAL_API_KEY", "value": "${sample(32, BASE62, 11)}"}`,
      `<key>MISTRAL_API_KEY</key>\n\t<string>${sample(32, BASE62, 12)}</string>`,
      `<add key="MISTRAL_API_KEY" value="${sample(32, BASE62, 13)}" />`,
      `variable "mistral_api_key" {\n  default = "${sample(32, BASE62, 14)}"\n}`,
    ],
    findsNothingIn: () => [
      "MISTRAL_API_KEY=your-mistral-api-key-goes-here-1",
      "OPENAI_API_KEY=process.env.OPENAI_API_KEY_OF_TEST2",
      "openaiApiKey: configuration.openai.key1OfTheProject",
      `MISTRAL_API_KEY_ID=x MISTRAL_URL=${sample(32)}`,
      "MISTRAL_API_KEY=3f2504e0-4f89-11d3-9a0c-0305e82c3301",
      `- name: MISTRAL_MODEL\n  value: ${sample(32, BASE62, 2)}`,
      "const key = process.env.MISTRAL_API_KEY || keyOfTheTest2026InTheStore(name);",
    ],
  },
  {
    kind: "context",
    id: "zhipu",
    title: "Zhipu key",
    severity: "high",
    pattern: new RegExp(`[0-9a-f]{32}\\.[A-Za-z0-9]{16}${VALUE_END}`, "y"),
    hints: [],
    shape: { begins: HEX, shortest: 32 + 1 + 16 },
    before: new RegExp(`(?:key|token)\\d?(?:${ASSIGNED}|${PAIRED})$`),
    findsIn: () => [
      `ZHIPUAI_API_KEY=${sample(32, HEX)}.${sample(16)}`,
      `client = ZhipuAI(api_key="${sample(32, HEX, 2)}.${sample(16, BASE62, 3)}")`,
    ],
    findsNothingIn: () => [
      `key: ${sample(32, HEX)}.js`,
      `https://host.example/${sample(32, HEX)}.${sample(16)}`,
      `key = ${sample(32, HEX)}.${"x".repeat(16)}`,
    ],
  },
  {
    kind: "context",
    id: "client-key",
    title: "API key of an AI service in a client",
    severity: "high",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: ["client(", "clientv2(", ...SERVICES.split("|").map((service) => `${service}(`)],
    before: new RegExp(
      String.raw`(?:^|[^\w.])(?:${SERVICES})(?:ai)?(?:\.[a-z]{0,20}|[a-z]{0,10}client)?(?:v2)?\([ \t]{0,4}["']$`,
    ),
    accept: isGeneratedValue,
    findsIn: () => [
      `co = cohere.Client('${sample(40)}')`,
      `client = Mistral("${sample(32, BASE62, 2)}")`,
      `const client = new MistralClient('${sample(32, BASE62, 3)}');`,
    ],
    findsNothingIn: () => [
      'const model = mistral("mistral-large-latest-2026-01");',
      `client = Storage("${sample(40)}")`,
      `client = Client("${sample(40)}")`,
    ],
  },
  {
    kind: "context",
    id: "netrc-password",
    title: "password in a netrc file",
    severity: "medium",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: ["password"],
    before:
      /(?:machine|host)\s{1,20}\S{3,80}\s{1,20}(?:(?:login|user|account|port)\s{1,20}\S{1,60}\s{1,20}){0,3}password\s{1,8}["']?$/,
    accept: isGeneratedValue,
    fix: "replace it where it was issued, and let only its owner read the file: chmod 600",
    findsIn: () => [
      `machine api.mistral.ai login apikey password ${sample(32)}`,
      `machine api.wandb.ai\n  login user\n  password ${sample(40, HEX, 2)}\n`,
    ],
    findsNothingIn: () => [
      "machine host.example login ada password correct-horse-battery-staple",
      `login ada password ${sample(32)}`,
    ],
  },
  {
    kind: "context",
    id: "key-list-entry",
    title: "API key in a tool's list of keys",
    severity: "high",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: LISTED_SERVICES,
    before: new RegExp(String.raw`["'](?:${LISTED_SERVICES.join("|")})["'][ \t]{0,4}:[ \t]{0,4}["']$`),
    accept: isGeneratedValue,
    findsIn: () => [
      `{"// Note": "llm", "mistral": "${sample(32)}"}`,
      `"cursor.apiKeys": {"openai": "${sample(44, BASE62, 2)}", "x": 1}`,
    ],
    findsNothingIn: () => [
      '{"mistral": "mistral-large-latest-2026-01"}',
      `{"openai": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}`,
      `{"model": "${sample(32)}"}`,
    ],
  },
  {
    kind: "context",
    id: "tool-login-key",
    title: "API key in a tool's login file",
    severity: "high",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: ["key"],
    before: /["']key["'][ \t]{0,4}:[ \t]{0,4}["']$/,
    near: /["']type["'][ \t]{0,4}:[ \t]{0,4}["']api["']/,
    accept: isGeneratedValue,
    findsIn: () => [`{"mistral": {"type": "api", "key": "${sample(32)}"}}`],
    findsNothingIn: () => [
      `{"type": "row", "key": "${sample(32)}"}`,
      `{"type": "api", "id": "${sample(32)}"}`,
    ],
  },
  {
    kind: "context",
    id: "named-secret",
    title: "secret in an assignment",
    severity: "medium",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: ["key", "token", "secret"],
    before: new RegExp(
      `(?:api[-_.]?key|apikey|access[-_.]?key|access[-_.]?token|auth[-_.]?token|api[-_.]?token|secret[-_.]?key|api[-_.]?secret|client[-_.]?secret|webhook[-_.]?secret|account[-_.]?key|shared[-_.]?access[-_.]?key|bearer[-_.]?token)${ASSIGNED}$`,
    ),
    accept: isGeneratedValue,
    fix: "find out whose secret it is, replace it there, and keep it out of files",
    findsIn: () => [
      `API_KEY=${sample(40)}`,
      `client_secret: "${sample(32, BASE62, 2)}"`,
      `{"accessToken":"${sample(50, BASE64URL, 3)}A"}`,
      `const secretKey = '${sample(64, HEX, 4)}';`,
    ],
    findsNothingIn: () => [
      "const apiKey = getApiKeyFromTheEnvironmentV2();",
      "apiKey: keys.production2.primary",
      "API_KEY=changeme-changeme-changeme-1",
      `public_key = "${sample(44)}"`,
      `key: "${sample(44)}"`,
      "api_key: str = SettingsOfTheApplication2026Version",
    ],
  },
  {
    kind: "context",
    id: "key-argument",
    title: "secret in a command",
    severity: "medium",
    pattern: new RegExp(`[A-Za-z0-9_+/-]{20,200}={0,2}${VALUE_END}`, "y"),
    hints: ["key", "token", "secret"],
    before:
      /(?:--?[a-z-]{0,20}(?:api-?key|token|secret)|(?:setx?|setenv|%?env|%set_env) (?:-[a-z]{1,4} )?[a-z0-9_]{0,40}_(?:key|token|secret)|\bkeys set [\w.-]{1,40} --value)[ \t]{1,4}["'`]?$/,
    accept: isGeneratedValue,
    fix: "replace it where it was issued, and take the line out of the shell's history",
    findsIn: () => [
      `cline auth --provider mistral --apikey ${sample(32)}`,
      `- cmd: set -gx MISTRAL_API_KEY ${sample(32, BASE62, 2)}\n`,
      `setx COHERE_API_KEY "${sample(40, BASE62, 3)}"`,
      `ENV MISTRAL_API_KEY ${sample(32, BASE62, 4)}`,
      `setenv MISTRAL_API_KEY ${sample(32, BASE62, 5)}`,
      `"%set_env MISTRAL_API_KEY ${sample(32, BASE62, 6)}\\n"`,
      `llm keys set mistral --value ${sample(32, BASE62, 7)}`,
    ],
    findsNothingIn: () => [
      "tool --api-key your-api-key-goes-here-1234",
      `tool --api-key-file ${sample(32)}`,
      `the key ${sample(32)}`,
      "tool --token keychain-entry-of-the-project-2",
    ],
  },
  {
    kind: "context",
    id: "url-parameter",
    title: "secret in an address",
    severity: "medium",
    pattern: new RegExp(`[A-Za-z0-9_-]{20,200}${URL_VALUE_END}`, "y"),
    hints: ["key", "token"],
    before: /[?&;](?:key|token|apikey|api[-_]key|access_token|auth_token)=$/,
    accept: isGeneratedValue,
    fix: "replace it where it was issued, and send it in a header: addresses stand in logs and histories",
    findsIn: () => [
      `curl "https://host.example/v1/models?key=${sample(40)}&alt=sse"`,
      `GET /v1?token=${sample(48, BASE62, 2)} HTTP/1.1`,
    ],
    findsNothingIn: () => [
      "https://host.example/?key=your-api-key-goes-here-123",
      `https://host.example/?etag=${sample(40)}`,
      `https://host.example/?key=${sample(40)}/x.png`,
    ],
  },
  {
    kind: "context",
    id: "authorization-header",
    title: "credential in an Authorization header",
    severity: "medium",
    pattern: new RegExp(`[A-Za-z0-9_+/.~-]{20,600}={0,2}${VALUE_END}`, "y"),
    hints: ["authorization"],
    before:
      /authorization["'`\]\\]{0,4}[ \t]{0,4}[:=,][ \t]{0,4}(?:\\?["'`]){0,2}(?:bearer|token|basic)[ \t]{1,4}$/,
    accept: (value) =>
      isGeneratedValue(value) && !EXAMPLE_LOGIN.test(Buffer.from(value, "base64").toString("latin1")),
    findsIn: () => [
      `curl -H "Authorization: Bearer ${sample(40)}" https://h.example`,
      `headers: {'Authorization': 'Bearer ${sample(44, BASE62, 2)}'}`,
    ],
    findsNothingIn: () => [
      "Authorization: Bearer your-access-token-goes-here",
      `Authorization: Basic ${Buffer.from("username:password").toString("base64")}`,
      'Authorization: "Bearer accessTokenOfTheCurrentUser1"',
    ],
  },
];

/** Basic credentials as documentation writes them. */
const EXAMPLE_LOGIN = /user(?:name)?:|:passw|passwor/i;

function isGeneratedValue(value: string): boolean {
  return !isIdentifier(value) && !isPlaceholderValue(value) && looksGenerated(value);
}

/** `openai_api_key|anthropic_api_key|…`: the variables that the providers' folders name. */
function serviceVariables(): string {
  const names = PROVIDERS.flatMap(({ keyVariables }) => keyVariables).map((name) => name.toLowerCase());
  return [...new Set(names)].join("|");
}

function azurePlace(): RegExp {
  return /openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com|inference\.ai\.azure\.com|azure[-_. ]?openai|cursor\.azure|["']?azure["']?\s?[:=]\s?\{|azure_api_key|azure_ai|ocp-apim-subscription-key/;
}

function azureKey(seed: number): string {
  return `${sample(52, BASE62, seed)}JQQJ99${sample(16, BASE62, seed + 1)}ACOG${sample(6, BASE62, seed + 2)}`;
}
