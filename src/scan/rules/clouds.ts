import type { Rule } from "../rule.ts";
import { marked } from "./marked.ts";
import { BASE62, BASE64, BASE64URL, HEX, sample, UPPER_DIGITS } from "./sample.ts";

const BASE32 = UPPER_DIGITS.replace(/[0189]/g, "");

/** Clouds and hosting. Google's own keys are among the providers' formats, its service accounts are private keys. */
export const CLOUD_RULES: readonly Rule[] = [
  marked({
    id: "aws-access-key-id",
    title: "AWS access key id",
    severity: "medium",
    marks: ["AKIA", "ASIA"],
    pattern: /A[KS]IA[A-Z2-7]{16}/,
    fix: "it names a key and is none; look for the secret beside it, and deactivate it in IAM",
    secrets: () => [`AKIA${sample(16, BASE32)}`, `ASIA${sample(16, BASE32, 2)}`],
    findsNothingIn: () => ["AKIAIOSFODNN7EXAMPLE", `AKIA${sample(20, BASE32)}`, `AKIA${"A".repeat(16)}`],
  }),
  {
    kind: "context",
    id: "aws-secret-key",
    title: "AWS secret access key",
    severity: "high",
    pattern: /[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/y,
    hints: ["secret"],
    before: /secret_?-?(?:access_?-?)?key["'`\]]{0,3}[ \t]{0,20}(?::|=>?|,)[ \t]{0,20}["'`]{0,2}$/,
    near: /aws|amazon|akia|asia|s3|bedrock/,
    minEntropyBits: 4.2,
    fix: "deactivate the key in IAM and create another one",
    findsIn: () => [
      `aws_secret_access_key = ${sample(40, BASE64)}`,
      `AWS_SECRET_ACCESS_KEY=${sample(40, BASE64, 2)}`,
      `{"aws":{"secretAccessKey":"${sample(40, BASE64, 3)}"}}`,
      // No row of 20 letters and digits: found by its name.
      `AWS_SECRET_ACCESS_KEY=${sample(15)}/${sample(11, BASE62, 2)}+${sample(12, BASE62, 3)}`,
    ],
    findsNothingIn: () => [
      `aws_secret_access_key = wJalrXUtnFEMI/${"K7MDENG"}/bPxRfiCYEXAMPLEKEY`,
      `aws commit = ${sample(40, HEX)}`,
      `aws_secret_access_key = ${sample(40, HEX)}`,
    ],
  },
  {
    kind: "context",
    id: "azure-client-secret",
    title: "secret of an Entra ID application",
    severity: "high",
    pattern: /[A-Za-z0-9_.~-]{31,34}(?![A-Za-z0-9_.~-])/y,
    hints: ["q~"],
    before: /(?:^|[^a-z0-9_.~-])[a-z0-9_.~-]{3}\dq~$/,
    everywhere: true,
    fix: "delete it under App registrations, Certificates & secrets; prefer workload identity",
    findsIn: () => [
      `AZURE_CLIENT_SECRET=${sample(3)}8Q~${sample(34)}`,
      `"k": "${sample(3)}7Q~${sample(31, BASE62, 2)}"`,
    ],
    findsNothingIn: () => [
      `${sample(3)}8Q~${"x".repeat(34)}`,
      `${sample(3)}8Q~${sample(24)}`,
      `${sample(30)}8Q~${sample(34)}`,
    ],
  },
  marked({
    id: "google-oauth-client-secret",
    title: "Google OAuth client secret",
    severity: "medium",
    marks: ["GOCSPX-"],
    pattern: /GOCSPX-[A-Za-z0-9_-]{28}/,
    secrets: () => [`GOCSPX-${sample(28)}`],
    findsNothingIn: () => [`GOCSPX-${"x".repeat(28)}`],
  }),
  marked({
    id: "digitalocean",
    title: "DigitalOcean token",
    severity: "high",
    marks: ["dop_v1_", "doo_v1_", "dor_v1_"],
    pattern: /do[opr]_v1_[0-9a-f]{64}/,
    secrets: () => [`dop_v1_${sample(64, HEX)}`],
    findsNothingIn: () => [`dop_v1_${"0".repeat(64)}`],
  }),
  marked({
    id: "hashicorp-vault",
    title: "HashiCorp Vault token",
    severity: "high",
    marks: ["hvs.", "hvb."],
    pattern: /hv[sb]\.(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{24,300}/,
    secrets: () => [`hvs.CAESI${sample(90, BASE64URL)}A`, `hvs.${sample(24, BASE62, 2)}`],
    findsNothingIn: () => [`hvs.${"x".repeat(90)}`, "hvs.some_long_property_name_of_an_object"],
  }),
  marked({
    id: "databricks",
    title: "Databricks token",
    severity: "high",
    marks: ["dapi"],
    pattern: /dapi[0-9a-f]{32}(?:-\d)?/,
    secrets: () => [`dapi${sample(32, HEX)}`],
    findsNothingIn: () => [`dapi${"0".repeat(32)}`, "dapiVersionOfTheCurrentDeployment"],
  }),
  marked({
    id: "cloudflare-origin-ca",
    title: "Cloudflare Origin CA key",
    severity: "high",
    marks: ["v1."],
    pattern: /v1\.0-[0-9a-f]{24}-[0-9a-f]{146}/,
    secrets: () => [`v1.0-${sample(24, HEX)}-${sample(146, HEX, 2)}`],
    findsNothingIn: () => ["v1.0-release-candidate-with-a-long-name-2024-01-01"],
  }),
  marked({
    id: "supabase",
    title: "Supabase secret key",
    severity: "high",
    marks: ["sbp_", "sb_secret_"],
    pattern: /sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{31}/,
    secrets: () => [`sbp_${sample(40, HEX)}`, `sb_secret_${sample(31)}`],
    findsNothingIn: () => [`sbp_${"0".repeat(40)}`, "sb_secret_name_of_the_project_variable"],
  }),
];
