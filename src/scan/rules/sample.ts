/**
 * Values for the samples of rules: they look random, are the same in each run, and stand in no file, so that neither
 * this scanner nor anybody else's finds them in the source.
 */
const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export const HEX = `${DIGITS}abcdef`;
export const BASE36 = `${DIGITS}${LOWER}`;
export const BASE62 = `${DIGITS}${UPPER}${LOWER}`;
export const BASE64 = `${BASE62}+/`;
export const BASE64URL = `${BASE62}_-`;
export const UPPER_DIGITS = `${DIGITS}${UPPER}`;
/** What age and other bech32 texts are made of. */
export const BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/** `length` characters of the alphabet; another seed gives others. */
export function sample(length: number, alphabet = BASE62, seed = 1): string {
  let state = (seed * 2_654_435_761) % 4_294_967_296 || 1;
  let text = "";
  while (text.length < length) {
    // Marsaglia's xorshift: even, small, and no secret depends on it.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += alphabet.charAt((state >>> 8) % alphabet.length);
  }
  return text;
}

/** The text as people have it: alone, assigned, in JSON, YAML, a URL, a header, a command, escaped, encoded. */
export function inUsualPlaces(secret: string): readonly string[] {
  return [
    secret,
    `export MY_VALUE=${secret}\n`,
    `{"name": "x", "value": "${secret}"}`,
    `value: ${secret} # mine`,
    `https://host.example/v1?key=${secret}&alt=sse`,
    `curl -H "Authorization: Bearer ${secret}" https://host.example`,
    `"source": ["client = Client('${secret}')\\n",`,
    `{"body":"{\\"k\\":\\"${secret}\\"}\\n${secret}"}`,
    `k%3D${secret}%26`,
    `-${secret}\n<!--${secret}-->`,
    `\u001b[32m${secret}\u001b[0m`,
    `\u001b[1;38;5;10m${secret}\u001b[0m`,
    `kind: Secret\ndata:\n  key: ${base64(secret)}\n  other: x\n`,
    `data:\n  .env: ${base64(`A=1\nMY_VALUE=${secret}\n`)}\n`,
    `{"auths": {"host.example": {"auth": "${base64(`ada:${secret}`)}"}}}`,
    `<value>${secret}</value> &quot;${secret}&quot; |${secret}| \`${secret}\`, b'${secret}'.`,
    `https://ada:${secret}@host.example/x.git`,
    `"\\u0022${secret}\\u0022"`,
    `the key is **${secret}**, or *${secret}*`,
  ];
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
