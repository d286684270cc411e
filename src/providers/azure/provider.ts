import { decide } from "../decide.ts";
import { readOpenAiUsage } from "../openai-wire/usage.ts";
import { OPENAI_STATUS_OF_WORD } from "../openai-wire/verdict-rules.ts";
import type { ConsoleLinks, Provider } from "../provider.ts";
import { joinUrl, originsOf } from "../urls.ts";
import { deploymentFor } from "./deployments.ts";
import { AZURE_KEY_FORMATS } from "./key-formats.ts";
import { AZURE_DENIED, AZURE_ROUTES } from "./routes.ts";
import { azureUrl } from "./urls.ts";
import { AZURE_RULES } from "./verdict-rules.ts";

const links: ConsoleLinks = {
  keys: "https://portal.azure.com/#view/Microsoft_Azure_ProjectOxford/CognitiveServicesHub/~/OpenAI",
  usage: "https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis",
  billing: "https://portal.azure.com/#view/Microsoft_Azure_Billing/SubscriptionsBlade",
  limits: "https://ai.azure.com/managementCenter/quota",
  status: "https://azure.status.microsoft",
};

export const azure: Provider = {
  id: "azure",
  preset: null,
  title: "Azure OpenAI",
  dialect: "openai",
  aliases: ["azure-openai"],
  capabilities: {
    createKey: true,
    disableKey: false,
    deleteKey: false,
    listKeyHints: false,
    keySlots: 2,
    expiringKeys: false,
    usagePerKey: false,
    costPerKey: false,
    hardLimit: false,
  },
  links,
  keyFormats: AZURE_KEY_FORMATS,
  keyVariables: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
  settingVariables: {
    AZURE_OPENAI_ENDPOINT: "baseUrl",
    AZURE_API_BASE: "baseUrl",
    AZURE_OPENAI_DEPLOYMENT: "deployment",
    AZURE_OPENAI_DEPLOYMENT_NAME: "deployment",
    AZURE_OPENAI_API_VERSION: "apiVersion",
    AZURE_API_VERSION: "apiVersion",
    OPENAI_API_VERSION: "apiVersion",
  },
  keyOptional: false,
  streamUsage: "option",
  defaultBaseUrl: undefined,
  routes: AZURE_ROUTES,
  denied: AZURE_DENIED,
  accountHeaders: ["openai-organization", "openai-project", "ocp-apim-subscription-key"],

  upstreamUrl: azureUrl,
  upstreamModel: deploymentFor,
  authHeaders: (key) => [["api-key", key]],
  origins: (settings) => originsOf(settings.baseUrl, settings.adminBaseUrl),
  testCall: (settings) => ({
    method: "GET",
    url: joinUrl(settings.baseUrl, "/openai/v1/models", "").href,
    headers: [],
    proves:
      "Key and endpoint belong together. The list names what could be deployed: it does not prove any deployment.",
  }),
  verdict: (answer) => decide({ rules: AZURE_RULES, statusOfWord: OPENAI_STATUS_OF_WORD, links }, answer),
  readUsage: readOpenAiUsage,
};
