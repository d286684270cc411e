import type { Rule } from "../rule.ts";
import { marked } from "./marked.ts";
import { BASE62, BASE64, BASE64URL, BECH32, sample } from "./sample.ts";

/** The usual first letters of a JSON header in base64: `{"alg`, `{"typ`, `{"kid`, `{"enc`, `{"x5`, `{"jku`, `{"jwk`. */
const JWT_MARKS = [
  "eyJhbGci",
  "eyJ0eXAi",
  "eyJraWQi",
  "eyJlbmMi",
  "eyJ4NX",
  "eyJqa3Ui",
  "eyJqd2si",
  "ewogICJ",
];

/** Ownkey's own tokens, signed tokens, and the secret halves of key pairs. */
export const TOKEN_RULES: readonly Rule[] = [
  {
    ...marked({
      id: "virtual-key",
      title: "Ownkey virtual key",
      severity: "info",
      marks: ["sk-ownkey-"],
      pattern: /sk-ownkey-(?:[0-9A-Za-z]{34}|t-[A-Za-z0-9_-]{20,600}\.[A-Za-z0-9_-]{40,200})/,
      fix: "nothing to mend: it opens this gateway only; ownkey vk list shows whose it is",
      secrets: () => [
        `sk-ownkey-${sample(34)}`,
        `sk-ownkey-t-${sample(120, BASE64URL)}A.${sample(85, BASE64URL, 2)}A`,
      ],
      findsNothingIn: () => [`sk-ownkey-${sample(20)}`, `sk-ownkey-${"x".repeat(34)}`],
    }),
    own: true,
  },
  marked({
    id: "jwt",
    title: "signed login token (JWT)",
    severity: "low",
    marks: JWT_MARKS,
    pattern: /e[wy][A-Za-z0-9_-]{10,2000}\.ey[A-Za-z0-9_-]{10,3000}\.[A-Za-z0-9_-]{20,1000}/,
    fix: "most end by themselves: see its `exp`; sign out where it came from",
    secrets: () => {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      return [
        `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub: "ada", exp: 2_000_000_000 })}.${sample(86, BASE64URL)}`,
      ];
    },
    findsNothingIn: () => [
      `eyJhbGciOiJIUzI1NiJ9.${"x".repeat(30)}.${"x".repeat(30)}`,
      `eyJhbGciOiJIUzI1NiJ9`,
    ],
  }),
  marked({
    id: "age-identity",
    title: "age identity",
    severity: "high",
    marks: ["AGE-SECRET-KEY-1"],
    pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/,
    fix: "whatever is encrypted to it must be encrypted anew, to a new identity",
    secrets: () => [`AGE-SECRET-KEY-1${sample(58, BECH32)}`],
    findsNothingIn: () => [`age1${sample(58, BECH32).toLowerCase()}`, `AGE-SECRET-KEY-1${"Q".repeat(58)}`],
  }),
  privateKey({
    id: "google-service-account",
    title: "Google service account key",
    near: /service_account/,
    fix: "delete the key under IAM, Service accounts; prefer workload identity",
    wrap: (body) =>
      `{"type": "service_account", "private_key": "${pem("PRIVATE KEY", body.replaceAll("\n", "\\n"), "\\n")}"}`,
  }),
  privateKey({
    id: "private-key",
    title: "private key",
    fix: "make a new key pair, take the old public key out everywhere, and give the new one a passphrase",
    wrap: (body) => `x\n${pem("OPENSSH PRIVATE KEY", body)}\n`,
  }),
];

interface PrivateKeyInput {
  readonly id: string;
  readonly title: string;
  readonly near?: RegExp;
  readonly fix: string;
  readonly wrap: (body: string) => string;
}

/** Found at the first line of its body, or at the second one where slashes leave no row of 20 in the first, whatever it is wrapped in; encrypted ones are none. */
function privateKey({ id, title, near, fix, wrap }: PrivateKeyInput): Rule {
  return {
    kind: "context",
    id,
    title,
    severity: "high",
    pattern: /[A-Za-z0-9+/=\s\\"',]{40,3900}/y,
    hints: ["private key"],
    before:
      /-----begin (?!encrypted)(?:[a-z0-9]{1,12} ){0,2}private key(?: block)?-----(?:\\[nr]|[\s"'+,\\]){0,40}(?:[a-z0-9+/=]{1,76}(?:\\[nr]|[\s"',\\]){1,20})?$/,
    ...(near ? { near } : {}),
    everywhere: true,
    mayRepeat: true,
    accept: isUnencrypted,
    fix,
    findsIn: () => [
      wrap(body(1)),
      wrap(`${OPENSSH_NO_CIPHER}AAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz${sample(60, BASE64)}`),
      wrap(`MHcCAQEEI/${sample(18)}/${sample(17)}+${sample(16)}\n${sample(64)}\n${sample(20)}==`),
    ],
    findsNothingIn: () => [
      // A public key follows.
      `${pem("ENCRYPTED PRIVATE KEY", body(3))}\n${pem("PUBLIC KEY", body(4))}`,
      pem("ENCRYPTED PRIVATE KEY", body(3)),
      pem("PUBLIC KEY", body(4)),
      pem("OPENSSH PRIVATE KEY", `${OPENSSH}AAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0${sample(60, BASE64)}`),
      pem("RSA PRIVATE KEY", `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${sample(32)}\n\n${body(6)}`),
      pem("CERTIFICATE", body(5)),
      pem("PRIVATE KEY", "..."),
    ],
  };
}

/** `openssh-key-v1` and a zero byte; the name of the cipher follows after its length. */
const OPENSSH = "b3BlbnNzaC1rZXktdjEA";
const OPENSSH_NO_CIPHER = `${OPENSSH}AAAABG5vbmU`;

/** OpenSSH's own format says only inside whether there is a passphrase. */
function isUnencrypted(body: string): boolean {
  return !body.startsWith(OPENSSH) || body.startsWith(OPENSSH_NO_CIPHER);
}

function body(seed: number): string {
  return `MIIEvQIBADANBgkqhkiG9w0B${sample(40, BASE64, seed)}\n${sample(64, BASE64, seed + 1)}\n${sample(30, BASE62, seed)}==`;
}

function pem(label: string, text: string, newLine = "\n"): string {
  return `-----BEGIN ${label}-----${newLine}${text}${newLine}-----END ${label}-----`;
}
