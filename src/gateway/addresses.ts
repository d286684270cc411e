import { BlockList, isIP } from "node:net";

/**
 * Addresses that a public name must not lead to: this machine, its networks, link-local (cloud metadata), carrier
 * NAT, documentation, multicast, and the IPv6 forms that embed them (IANA special-purpose registries).
 */
const PRIVATE_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
] as const;

/** Everything but global unicast (2000::/3), and what in there tunnels IPv4 or is for documentation. */
const PRIVATE_V6 = ["::/3", "4000::/2", "8000::/1", "2001::/32", "2001:db8::/32", "2002::/16"] as const;

export interface AddressRules {
  isPrivate(address: string): boolean;
  isLoopback(address: string): boolean;
}

export function createAddressRules(): AddressRules {
  // One list per family: a list of both takes an IPv4 address for the IPv6 one that it maps to.
  const privates = { 4: listOf(PRIVATE_V4, "ipv4"), 6: listOf(PRIVATE_V6, "ipv6") };
  const loopback = { 4: listOf(["127.0.0.0/8"], "ipv4"), 6: listOf(["::1/128"], "ipv6") };
  return {
    // What is no address at all counts as private: nothing may be sent there.
    isPrivate: (address) => has(privates, address) ?? true,
    isLoopback: (address) => has(loopback, address) ?? false,
  };
}

function listOf(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range, family);
  return list;
}

function has(lists: { 4: BlockList; 6: BlockList }, address: string): boolean | undefined {
  const family = isIP(address);
  if (family === 4) return lists[4].check(address, "ipv4");
  return family === 6 ? lists[6].check(address, "ipv6") : undefined;
}

function addRange(list: BlockList, range: string, family: "ipv4" | "ipv6"): void {
  const [address = "", bits = ""] = range.split("/");
  list.addSubnet(address, Number(bits), family);
}
