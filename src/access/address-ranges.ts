import { isIP } from "node:net";
import { AppError } from "../kernel/index.ts";

/** A set of address ranges, made once and asked for each request: one look-up per length of prefix in it. */
export interface AddressRanges {
  /** False for what is no address. An IPv4 address in its IPv6 form (`::ffff:10.0.0.1`) is the IPv4 address. */
  has(address: string): boolean;
}

/** @throws AppError `invalid_input` for what is neither an address nor a range in CIDR form. */
export function compileRanges(ranges: readonly string[]): AddressRanges {
  const families = { 4: new Map<number, Set<bigint>>(), 6: new Map<number, Set<bigint>>() };
  for (const text of ranges) {
    const { family, prefixBits, value } = parseRange(text);
    const ofLength = families[family].get(prefixBits) ?? new Set();
    families[family].set(prefixBits, ofLength.add(value >> BigInt(WIDTH[family] - prefixBits)));
  }
  // The same client asks many times in a row.
  let lastAddress = "";
  let lastAnswer = false;
  return {
    has(address) {
      if (address === lastAddress) return lastAnswer;
      lastAddress = address;
      lastAnswer = contains(families, address);
      return lastAnswer;
    },
  };
}

/** The range as it is stored. @throws AppError `invalid_input`. */
export function checkedRange(text: string): string {
  parseRange(text);
  return text.toLowerCase();
}

/**
 * Where an address is, for telling new places from known ones: an IPv4 address as it is, of an IPv6 address the first 64
 * bits, because machines change the rest by themselves. `undefined` for what is no address.
 */
export function addressPlace(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const { family, value } = address;
  const parts = (count: number, bits: bigint, from: bigint) =>
    Array.from({ length: count }, (_, at) => (value >> (from - BigInt(at + 1) * bits)) & ((1n << bits) - 1n));
  if (family === 4) return parts(4, 8n, 32n).join(".");
  const groups = parts(4, 16n, 128n).map((group) => group.toString(16));
  return `${groups.join(":")}::/64`;
}

type Family = 4 | 6;

interface Address {
  readonly family: Family;
  readonly value: bigint;
}

const WIDTH: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };
/** `::ffff:0:0/96`, where IPv4 addresses stand when a socket takes both. */
const MAPPED_PREFIX = 0xffffn;
const MAPPED_BITS = 96;

function contains(families: Record<Family, ReadonlyMap<number, ReadonlySet<bigint>>>, text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined) return false;
  for (const [prefixBits, values] of families[address.family]) {
    if (values.has(address.value >> BigInt(WIDTH[address.family] - prefixBits))) return true;
  }
  return false;
}

function parseRange(text: string): Address & { readonly prefixBits: number } {
  const [host = "", bits, ...more] = text.split("/");
  const written = isIP(host);
  const address = host.includes("%") ? undefined : parseAddress(host);
  if (address === undefined || more.length > 0) throw badRange(text, "is no address and no range");
  const writtenWidth = written === 4 ? 32 : 128;
  const given = bits === undefined ? writtenWidth : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(given <= writtenWidth)) throw badRange(text, "has no such prefix length");
  const isMapped = written === 6 && address.family === 4;
  if (isMapped && given < MAPPED_BITS) throw badRange(text, "mixes IPv4 and IPv6");
  const prefixBits = isMapped ? given - MAPPED_BITS : given;
  const rest = (1n << BigInt(WIDTH[address.family] - prefixBits)) - 1n;
  // `10.0.0.5/8` may have been meant as one address or as sixteen million.
  if ((address.value & rest) !== 0n) throw badRange(text, "has bits set beyond its prefix");
  return { ...address, prefixBits };
}

function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { family, value: v4(text) };
  if (family !== 6) return undefined;
  const value = v6(text.split("%", 1)[0] ?? "");
  return value >> 32n === MAPPED_PREFIX ? { family: 4, value: value & 0xffffffffn } : { family, value };
}

function v4(text: string): bigint {
  return BigInt(text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0));
}

/** Of a text that {@link isIP} has accepted. */
function v6(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groups(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const value = v4(group);
    return [value >> 16n, value & 0xffffn];
  });
}

function badRange(text: string, what: string): AppError {
  const shown = /^[0-9A-Fa-f.:/%]{1,60}$/.test(text) ? `"${text}"` : "what was given";
  return new AppError("invalid_input", `${shown} ${what}`, {
    hint: "write an address (203.0.113.7) or a range (10.0.0.0/8, 2001:db8::/32)",
  });
}
