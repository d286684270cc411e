import { type AddressRanges, compileRanges } from "./address-ranges.ts";
import type { VirtualKeyPolicy } from "./virtual-key.ts";

const compiled = new WeakMap<VirtualKeyPolicy, AddressRanges>();

/**
 * Whether a request may come from this address, the one at the other end of the socket: what a header says of it
 * anybody can write. A policy without addresses allows all; ask for the address only when it has some. `undefined`,
 * an address that is not known, is not allowed then.
 */
export function addressAllowed(policy: VirtualKeyPolicy, address: string | undefined): boolean {
  if (policy.addresses.length === 0) return true;
  if (address === undefined) return false;
  let ranges = compiled.get(policy);
  if (ranges === undefined) {
    ranges = compileRanges(policy.addresses);
    compiled.set(policy, ranges);
  }
  return ranges.has(address);
}

/**
 * Whether a connection of this region may be used: `--region` of the connection, compared without case. A connection
 * that says no region is in none of them.
 */
export function regionAllowed(policy: VirtualKeyPolicy, region: string | null | undefined): boolean {
  if (policy.regions.length === 0) return true;
  return region !== null && region !== undefined && policy.regions.includes(region.toLowerCase());
}
