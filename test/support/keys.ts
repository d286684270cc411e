/** Keys of every shape, made at run time from random text: no file holds one, and every run has its own. */
import { randomBytes } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function randomText(length: number, alphabet = LETTERS): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

export const newKey = {
  openai: () => `sk-proj-${randomText(58)}${"T3Blbk"}FJ${randomText(58)}`,
  openaiAdmin: () => `sk-admin-${randomText(58)}${"T3Blbk"}FJ${randomText(58)}`,
  anthropic: () => `sk-ant-api03-${randomText(93)}AA`,
  anthropicLogin: () => `sk-ant-oat01-${randomText(93)}AA`,
  azure: () => `${randomText(52)}JQQJ99${randomText(26)}`,
  google: () => `AI${"za"}${randomText(35)}`,
  groq: () => `gsk_${randomText(52)}`,
} as const;
