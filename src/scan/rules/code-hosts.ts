import { looksGenerated } from "../plausible.ts";
import type { MarkedRule } from "../rule.ts";
import { marked } from "./marked.ts";
import { BASE62, BASE64URL, sample } from "./sample.ts";

/** Code hosts and package registries. */
export const CODE_HOST_RULES: readonly MarkedRule[] = [
  marked({
    id: "github",
    title: "GitHub token",
    severity: "high",
    marks: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    pattern: /gh[opsur]_[A-Za-z0-9]{36,251}/,
    fix: "revoke it at https://github.com/settings/tokens",
    secrets: () =>
      ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map((mark, seed) => mark + sample(36, BASE62, seed + 1)),
    findsNothingIn: () => [`ghp_${"x".repeat(36)}`, `ghp_${sample(20)}`, `ghp_${"A".repeat(36)}`],
  }),
  marked({
    id: "github-fine-grained",
    title: "GitHub fine-grained token",
    severity: "high",
    marks: ["github_pat_"],
    pattern: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}/,
    fix: "revoke it at https://github.com/settings/tokens",
    secrets: () => [`github_pat_${sample(22)}_${sample(59, BASE62, 2)}`],
    findsNothingIn: () => ["github_pat_token_for_the_release_workflow_of_this_project"],
  }),
  marked({
    id: "gitlab",
    title: "GitLab token",
    severity: "high",
    marks: ["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-", "gloas-", "glagent-", "glft-"],
    pattern: /gl(?:pat|dt|rt|ptt|cbt|soat|oas|agent|ft)-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,300}/,
    fix: "revoke it in GitLab under Access tokens",
    secrets: () => [`glpat-${sample(20)}`, `glrt-${sample(20, BASE62, 2)}`, `glpat-${sample(40, BASE62, 3)}`],
    findsNothingIn: () => [`glpat-${"x".repeat(20)}`, "glpat-some-words-that-describe-a-token"],
  }),
  marked({
    id: "npm",
    title: "npm token",
    severity: "high",
    marks: ["npm_"],
    pattern: /npm_[A-Za-z0-9]{36}/,
    fix: "revoke it: npm token revoke",
    secrets: () => [`npm_${sample(36)}`],
    findsNothingIn: () => ["npm_config_user_agent_of_the_current_process", `npm_${"x".repeat(36)}`],
  }),
  marked({
    id: "pypi",
    title: "PyPI token",
    severity: "high",
    marks: ["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"],
    pattern: /pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}/,
    fix: "delete it at https://pypi.org/manage/account/token/",
    secrets: () => [`pypi-AgEIcHlwaS5vcmc${sample(120, BASE64URL)}A`],
    findsNothingIn: () => ["pypi-AgEIcHlwaS5vcmcxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
  }),
  marked({
    id: "crates-io",
    title: "crates.io token",
    severity: "high",
    marks: ["cio"],
    pattern: /cio[A-Za-z0-9]{32}/,
    accept: looksGenerated,
    fix: "revoke it at https://crates.io/settings/tokens",
    secrets: () => [`cio${sample(32)}`],
    findsNothingIn: () => [`cio${"x".repeat(32)}`, "ciosConfigurationOfTheWholeProject"],
  }),
  marked({
    id: "docker-hub",
    title: "Docker Hub token",
    severity: "high",
    marks: ["dckr_pat_", "dckr_oat_"],
    pattern: /dckr_[po]at_[A-Za-z0-9_-]{27,40}/,
    secrets: () => [`dckr_pat_${sample(27)}`],
    findsNothingIn: () => [`dckr_pat_${"x".repeat(27)}`],
  }),
];
