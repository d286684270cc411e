import type { KeyFormat } from "../provider.ts";

/** Both kinds work at the time of writing; which of them stays is uncertain, so neither is ever refused. */
export const GOOGLE_KEY_FORMATS: readonly KeyFormat[] = [
  {
    id: "google-standard",
    kind: "inference",
    prefix: "AIza",
    pattern: /^AIza[0-9A-Za-z_-]{35}$/,
    title: "Google API key",
  },
  {
    id: "google-auth",
    kind: "inference",
    prefix: "AQ.",
    pattern: /^AQ\.[0-9A-Za-z_-]{20,300}$/,
    title: "Google auth key bound to a service account",
  },
  {
    id: "google-oauth",
    kind: "oauth",
    prefix: "ya29.",
    pattern: /^ya29\.[0-9A-Za-z_.-]{20,2000}$/,
    title: "Google OAuth access token",
  },
];
