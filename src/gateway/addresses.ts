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
  const privates = new BlockList();
  for (const range of PRIVATE_V4) addRange(privates, range, "ipv4");
  for (const range of PRIVATE_V6) addRange(privates, range, "ipv6");
  const loopback = new BlockList();
  addRange(loopback, "127.0.0.0/8", "ipv4");
  addRange(loopback, "::1/128", "ipv6");
  const has = (list: BlockList, address: string) =>
    list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return {
    // What is no address at all counts as private: nothing may be sent there.
    isPrivate: (address) => isIP(address) === 0 || has(privates, address),
    isLoopback: (address) => isIP(address) !== 0 && has(loopback, address),
  };
}

function addRange(list: BlockList, range: string, family: "ipv4" | "ipv6"): void {
  const [address = "", bits = ""] = range.split("/");
  list.addSubnet(address, Number(bits), family);
}
