import type { Rule } from "../rule.ts";
import { marked } from "./marked.ts";
import { BASE62, BASE64URL, HEX, sample, UPPER_DIGITS } from "./sample.ts";

const DIGITS = "0123456789";

/** Chat, mail, payment and the like. */
export const BUSINESS_SERVICE_RULES: readonly Rule[] = [
  marked({
    id: "slack",
    title: "Slack token",
    severity: "high",
    marks: ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxe.", "xapp-"],
    pattern:
      /(?:xox[abprs]-\d{8,14}-|xoxe(?:\.xox[bp])?-\d-|xapp-\d-[A-Z0-9]{8,14}-\d{8,14}-)[A-Za-z0-9-]{20,200}/,
    secrets: () => [
      `xoxb-${sample(12, DIGITS)}-${sample(13, DIGITS, 2)}-${sample(24)}`,
      `xoxp-${sample(11, DIGITS)}-${sample(11, DIGITS, 2)}-${sample(12, DIGITS, 3)}-${sample(32, HEX)}`,
      `xapp-1-A${sample(10, UPPER_DIGITS)}-${sample(13, DIGITS)}-${sample(64, HEX)}`,
    ],
    findsNothingIn: () => [
      "xoxb-your-bot-token-goes-here-please",
      `xoxb-${"1".repeat(12)}-${"x".repeat(24)}`,
    ],
  }),
  {
    kind: "context",
    id: "slack-webhook",
    title: "Slack webhook",
    severity: "medium",
    pattern:
      /(?:\/\/)?hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/]{18,30}\/[A-Za-z0-9]{23,26}(?![A-Za-z0-9])/y,
    hints: [],
    before: /(?:^|[^a-z0-9.-])$/,
    everywhere: true,
    findsIn: () => [
      `https://hooks.slack.com/services/T${sample(8, UPPER_DIGITS)}/B${sample(10, UPPER_DIGITS)}/${sample(24)}`,
    ],
    findsNothingIn: () => [
      `https://hooks.slack.com/services/T00000000/B00000000/${"X".repeat(24)}`,
      `https://host.example/services/T${sample(8, UPPER_DIGITS)}/B${sample(10, UPPER_DIGITS)}/${sample(24)}`,
    ],
  },
  marked({
    id: "stripe",
    title: "Stripe live key",
    severity: "high",
    marks: ["sk_live_", "rk_live_"],
    pattern: /[sr]k_live_[A-Za-z0-9]{16,247}/,
    fix: "roll it at https://dashboard.stripe.com/apikeys",
    secrets: () => [`sk_live_${sample(24)}`, `rk_live_51${sample(97, BASE62, 2)}`],
    findsNothingIn: () => [`sk_live_${"x".repeat(24)}`, `pk_live_${sample(24)}`],
  }),
  marked({
    id: "stripe-test",
    title: "Stripe test key",
    severity: "low",
    marks: ["sk_test_", "rk_test_"],
    pattern: /[sr]k_test_[A-Za-z0-9]{16,247}/,
    fix: "it moves no money; keep it out of code all the same",
    secrets: () => [`sk_test_51${sample(97)}`],
    findsNothingIn: () => [`sk_test_${"x".repeat(24)}`],
  }),
  marked({
    id: "sendgrid",
    title: "SendGrid key",
    severity: "high",
    marks: ["SG."],
    pattern: /SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/,
    secrets: () => [`SG.${sample(22, BASE64URL)}.${sample(42, BASE64URL, 2)}A`],
    findsNothingIn: () => [`SG.${"x".repeat(22)}.${"x".repeat(43)}`, "SG.someLongPropertyName.another"],
  }),
  marked({
    id: "shopify",
    title: "Shopify token",
    severity: "high",
    marks: ["shpat_", "shpca_", "shppa_", "shpss_"],
    pattern: /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/,
    secrets: () => [`shpat_${sample(32, HEX)}`],
    findsNothingIn: () => [`shpat_${"0".repeat(32)}`],
  }),
  marked({
    id: "linear",
    title: "Linear key",
    severity: "medium",
    marks: ["lin_api_"],
    pattern: /lin_api_[A-Za-z0-9]{40}/,
    secrets: () => [`lin_api_${sample(40)}`],
    findsNothingIn: () => [`lin_api_${"x".repeat(40)}`],
  }),
  marked({
    id: "notion",
    title: "Notion token",
    severity: "medium",
    marks: ["ntn_"],
    pattern: /ntn_\d{11}[A-Za-z0-9]{35}/,
    secrets: () => [`ntn_${sample(11, DIGITS)}${sample(35)}`],
    findsNothingIn: () => [`ntn_${"0".repeat(46)}`],
  }),
  marked({
    id: "postman",
    title: "Postman key",
    severity: "medium",
    marks: ["PMAK-"],
    pattern: /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/,
    secrets: () => [`PMAK-${sample(24, HEX)}-${sample(34, HEX, 2)}`],
    findsNothingIn: () => [`PMAK-${"0".repeat(24)}-${"0".repeat(34)}`],
  }),
];
